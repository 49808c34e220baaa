"""The fault matrix: its scores, and its picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from plumbline.faults import picture
from plumbline.faults.registry import Fault, Registry
from plumbline.faults.verdict import Outcome, Record, Verdict, diagnosis, score

if TYPE_CHECKING:
    from pathlib import Path


def verdict(outcome: Outcome, name: str = "peers-cut") -> Verdict:
    fault = Fault(name, "EXE-002", "geth-1", ("CLU-001",), 30, 120, "The peers of geth-1 are cut.")
    return Verdict(fault, outcome, "geth-1 has 0 of 2 peers", 3.2, 1.1, 9.0)


@pytest.mark.parametrize(
    ("outcomes", "scored", "diagnosed"),
    [
        ([], 1.0, 1.0),
        ([Outcome.CAUGHT, Outcome.CAUGHT], 1.0, 1.0),
        ([Outcome.CAUGHT, Outcome.NOT_NAMED], 0.5, 0.5),
        ([Outcome.CAUGHT, Outcome.BYSTANDER_RED], 0.5, 1.0),
        ([Outcome.CAUGHT, Outcome.GREEN_UNDER_FAULT], 0.5, 1.0),
    ],
)
def test_the_scores_tell_what_was_caught_and_what_was_named(
    outcomes: list[Outcome], scored: float, diagnosed: float
) -> None:
    done = [verdict(outcome) for outcome in outcomes]
    assert (score(done), diagnosis(done)) == (scored, diagnosed)


def test_the_picture_has_a_row_for_each_fault_and_tells_what_was_missed() -> None:
    drawn = picture.draw([verdict(Outcome.CAUGHT), verdict(Outcome.BYSTANDER_RED, "peers <cut> again")])

    titles = [element.text for element in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [
        "peers-cut, EXE-002: caught: geth-1 has 0 of 2 peers",
        "peers-cut, CLU-001: must stay green",
        "peers <cut> again, EXE-002: another control went red: geth-1 has 0 of 2 peers",
        "peers <cut> again, CLU-001: must stay green",
    ]
    assert drawn.count("#f28e2b") == 3  # both cells of the second fault, and the legend
    assert "noticed in 3.2 s, steady 1.1 s after the heal" in drawn


def test_verdicts_of_several_workers_are_read_in_the_order_of_the_register(tmp_path: Path) -> None:
    second, first = verdict(Outcome.NOT_HEALED, "b"), verdict(Outcome.CAUGHT, "a")
    known = Registry()
    for fault in (second.fault, first.fault):
        known.add(fault)

    for one in (second, first):  # as two processes would
        Record(tmp_path / "verdicts").add(one)

    assert Record(tmp_path / "verdicts").all(known) == [first, second]


def test_a_run_without_verdicts_has_none(tmp_path: Path) -> None:
    assert not Record(tmp_path / "verdicts").all(Registry())
