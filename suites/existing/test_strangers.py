"""A stack that plain manifests installed is judged by reading alone: well, and hurt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from plumbline.faults.judge import Judgement

READ = ("CLU-001", "EXE-001", "EXE-002", "EXE-003", "MON-001", *(f"EXT-00{number}" for number in range(1, 7)))
HURT = {
    "EXE-001": "node-1",
    "EXE-002": "node-1",
    "EXT-002": "Deployment edge/edge",
    "EXT-003": "Deployment watch/prometheus",
    "EXT-004": "namespace watch",
    "EXT-005": "StatefulSet chain/node",
    "EXT-006": "node-1.stranger.example",
}
"""What must be named by the control that notices, of each injury."""
STILL_GREEN = ("CLU-001", "EXT-001")


@pytest.mark.undisturbed
def test_a_stack_of_strangers_is_judged_by_reading(
    strangers: Callable[[Sequence[str], str], Judgement], hurt: Callable[[], AbstractContextManager[None]]
) -> None:
    """Preconditions: a second set of namespaces by plain manifests (local/existing/strangers.yaml), the published account, and a
    map that was proposed while all was well.
    Steps: judge it by "--target existing"; hurt it in five places, and judge it again.
    Expected: first every reading control is proved; then each injury has turned its control red, which names what is hurt, and
    no other one is.
    """
    well = strangers(READ, "well")
    with hurt():
        ill = strangers((*HURT, *STILL_GREEN), "hurt")

    figure("reading controls", len(READ), "")
    attach("said of the injuries", "\n".join(test.message for test in ill.tests if test.red))
    complaints = [f"{test.id}: {test.message}" for control in READ for test in well.red(control)]
    assert not complaints, "\n".join(complaints)
    assert not [control for control in READ if not well.of(control)], "not every reading control was judged"
    for control, named in HURT.items():
        said = "\n".join(test.message for test in ill.red(control))
        assert named in said, f"{control} does not name {named}, which is hurt: {said or 'it is green'}"
    wrong = [f"{test.id}: {test.message}" for control in STILL_GREEN for test in ill.red(control)]
    assert not wrong, "\n".join(wrong)
