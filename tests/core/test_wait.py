"""Waits: a name, a deadline, a memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from plumbline.core import events, wait


class Scripted:
    """A condition that shows a given series of states, then waits for the deadline."""

    def __init__(self, *seen: wait.Observation[int]) -> None:
        self.seen = seen

    def observe(self, deadline: wait.Deadline) -> Iterator[wait.Observation[int]]:
        yield from self.seen
        while not deadline.passed:
            wait.pause(0.01, deadline)


def test_value_of_the_condition_is_returned() -> None:
    assert wait.until(Scripted(wait.Observation(True, 7, "there")), named="seven", within_s=1) == 7


def test_timeout_shows_name_last_state_and_where_to_look() -> None:
    condition = Scripted(wait.Observation(False, 0, "0 of 3 ready"), wait.Observation(False, 2, "2 of 3 ready"))

    with pytest.raises(wait.Timeout) as caught:
        wait.until(condition, named="three nodes ready", within_s=0.1, look="plumbline logs geth")

    text = str(caught.value)
    assert text.startswith("three nodes ready: 2 of 3 ready after 0.1 s")
    assert text.endswith("see plumbline logs geth")
    assert caught.value.exit_code == 4


def test_a_refusal_counts_as_not_yet_and_its_text_is_kept() -> None:
    def refused() -> wait.Observation[int]:
        raise ConnectionError("connection refused")

    with pytest.raises(wait.Timeout, match="ConnectionError: connection refused"):
        wait.until(wait.poll(refused, every_s=0.01), named="answer", within_s=0.05)


def test_a_defect_in_the_question_is_not_swallowed() -> None:
    def broken() -> wait.Observation[int]:
        raise TypeError("defect")

    with pytest.raises(TypeError, match="defect"):
        wait.until(wait.poll(broken), named="answer", within_s=1)


def test_a_poll_returns_soon_after_the_condition_holds() -> None:
    true_at = time.monotonic() + 0.2
    wait.until(wait.holds(lambda: time.monotonic() >= true_at, every_s=0.02), named="moment", within_s=2)

    assert time.monotonic() - true_at < 0.1


def test_cancelling_ends_a_wait_at_once() -> None:
    cancelled = threading.Event()
    threading.Timer(0.05, cancelled.set).start()
    start = time.monotonic()

    with pytest.raises(wait.Cancelled, match="something else failed"):
        wait.until(wait.holds(lambda: False), named="never", within_s=30, cancelled=cancelled)

    assert time.monotonic() - start < 2


def test_every_waits_for_all_parts() -> None:
    both = wait.every(Scripted(wait.Observation(True, 1, "")), Scripted(wait.Observation(True, 2, "")))

    assert wait.until(both, named="both", within_s=1) == [1, 2]


def test_every_shows_the_part_that_is_missing() -> None:
    both = wait.every(
        Scripted(wait.Observation(True, 1, "")), Scripted(wait.Observation(False, 2, "second is missing"))
    )

    with pytest.raises(wait.Timeout, match="second is missing"):
        wait.until(both, named="both", within_s=0.05)


def test_a_wait_is_in_the_event_stream() -> None:
    seen: list[events.Event] = []
    stop = events.subscribe(seen.append)
    wait.until(Scripted(wait.Observation(False, 0, "not yet"), wait.Observation(True, 1, "")), named="it", within_s=1)
    stop()

    assert [(e["event"], e.get("phase") or e.get("state")) for e in seen] == [
        ("phase-start", "it"),
        ("observed", "not yet"),
        ("phase-end", "it"),
    ]
