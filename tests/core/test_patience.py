from __future__ import annotations

from plumbline.core import wait
from plumbline.core.patience import settle


def test_what_comes_to_hold_is_settled_with_its_value() -> None:
    numbers = iter(range(10))

    settled = settle(wait.holds(lambda: next(numbers) >= 3, every_s=0.001), named="three", within_s=5)

    assert settled.ok
    assert settled.value is True


def test_what_does_not_hold_in_time_is_no_error_and_tells_its_last_state() -> None:
    def look() -> wait.Observation[int]:
        return wait.Observation(False, 7, "seven of eight")

    settled = settle(wait.poll(look, every_s=0.001), named="eight", within_s=0.05)

    assert not settled.ok
    assert (settled.value, settled.summary) == (7, "seven of eight")
    assert settled.seconds < 1


def test_the_last_value_outlives_a_refusal() -> None:
    seen = iter([7])

    def look() -> wait.Observation[int]:
        try:
            return wait.Observation(False, next(seen), "seven")
        except StopIteration:
            raise ConnectionError("gone") from None

    settled = settle(wait.poll(look, every_s=0.001), named="eight", within_s=0.05)

    assert (settled.value, settled.summary) == (7, "ConnectionError: gone")
