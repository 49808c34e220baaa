"""The fault matrix: the stack is broken in every known way, and each time the right control must go red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.faults import picture, registry
from plumbline.faults.verdict import diagnosis, score
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.faults.runner import LiveRunner
    from plumbline.faults.verdict import Record, Verdict

# One worker has all faults of a control, each of which leaves it green.
LIVE = [
    pytest.param(fault.name, marks=pytest.mark.xdist_group(fault.breaks))
    for fault in registry.load().all()
    if not fault.static and not fault.suite
]
UNNAMED = 5.0  # of a hundred failures, so many may leave out what was hurt


@pytest.mark.parametrize("fault", LIVE)
def test_the_right_control_notices(fault_runner: LiveRunner, record: Record, fault: str) -> None:
    """Preconditions: a steady stack.
    Steps: do the fault; have its control judged, and the others; heal it; have its control judged again.
    Expected: the control goes red by its own assertion and names what was hurt, the others stay green; afterwards it is green.
    """
    verdict = fault_runner.run(registry.load().named(fault))
    record.add(verdict)

    figure(f"{fault}: from the fault to the red control", verdict.detect_s or 0.0, "s")
    assert verdict.caught, f"{verdict.outcome}: {verdict.why}"


@pytest.mark.last
def test_every_fault_is_caught_and_named(verdicts: list[Verdict]) -> None:
    """Preconditions: the faults that were asked for are done.
    Steps: count those that were caught, and those whose failure names what was hurt; draw them all.
    Expected: all were caught, and at most 5 in 100 do not name it.
    """
    attach("fault matrix", picture.draw(verdicts).encode(), "image/svg+xml")
    figure("faults that were missed", 100 * (1 - score(verdicts)), "%", target=0, bound=0)
    figure("failures that do not name what was hurt", 100 * (1 - diagnosis(verdicts)), "%", target=0, bound=UNNAMED)

    missed = [f"{one.fault.name}: {one.outcome}" for one in verdicts if not one.caught]
    assert not missed, ", ".join(missed)
    assert 100 * (1 - diagnosis(verdicts)) <= UNNAMED
