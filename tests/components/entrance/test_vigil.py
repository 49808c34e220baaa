"""How long an address was not answered, and by whom it was, as a client that forgets tells it."""

from __future__ import annotations

import pytest

from plumbline.components.entrance.vigil import Sample, Vigil, read

TOLD = """bash: line 3: something else
100.10 200 172.18.255.200 dev eth0 lladdr 02:42:ac:12:00:03 REACHABLE
100.30 000 172.18.255.200 dev eth0 FAILED
101.40 000 172.18.255.200 dev eth0 lladdr 02:42:ac:12:00:03 DELAY
102.60 200 172.18.255.200 dev eth0 lladdr 02:42:ac:12:00:04 REACHABLE
103.60 200 172.18.255.200 dev eth0 lladdr 02:42:ac:12:00:04 REACHABLE
"""
NODES = {"02:42:ac:12:00:03": "worker", "02:42:ac:12:00:04": "worker2"}


@pytest.fixture
def vigil() -> Vigil:
    return Vigil("172.18.255.200", read(TOLD, NODES))


def test_each_request_is_known_with_who_answered(vigil: Vigil) -> None:
    assert list(vigil.samples) == [
        Sample(100.1, True, "worker"),
        Sample(100.3, False, ""),
        Sample(101.4, False, "worker"),
        Sample(102.6, True, "worker2"),
        Sample(103.6, True, "worker2"),
    ]


def test_a_gap_is_from_one_answer_to_the_next(vigil: Vigil) -> None:
    assert vigil.longest_gap_s == pytest.approx(2.5)


def test_an_end_without_an_answer_is_a_gap(vigil: Vigil) -> None:
    silent = Vigil(vigil.address, [*vigil.samples, Sample(120.0, False, "")])

    assert silent.longest_gap_s == pytest.approx(16.4)
    assert silent.unbroken_s(since=0.0) == 0.0


@pytest.mark.parametrize(("since", "seconds"), [(0.0, 1.0), (102.6, 0.0), (200.0, 0.0)])
def test_answers_count_after_the_last_loss_and_after_a_moment(vigil: Vigil, since: float, seconds: float) -> None:
    assert vigil.unbroken_s(since) == pytest.approx(seconds)


def test_who_answered_is_told_in_order_of_time(vigil: Vigil) -> None:
    assert vigil.timeline().splitlines() == [
        "00:01:40.10  172.18.255.200: answered by worker, 1 requests",
        "00:01:40.30  172.18.255.200: nobody has the address, 1 requests",
        "00:01:41.40  172.18.255.200: worker has the address, and does not answer, 1 requests",
        "00:01:42.60  172.18.255.200: answered by worker2, 2 requests",
    ]


def test_before_the_first_request_nothing_was_answered() -> None:
    assert not Vigil("a", []).last.answered
