"""OPS: a part that is killed heals by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.operation.parts import HEALED_TARGET_S, HEALED_WITHIN_S, PARTS
from reports.evidence import figure

if TYPE_CHECKING:
    from plumbline.components.execution import Execution
    from plumbline.stack import Stack

KILLED_ELSEWHERE = {"beacon-0", "geth-follower-0"}  # by tests of CON-003 and EXE-009, which demand more of them


@pytest.mark.control("OPS-004")
@pytest.mark.parametrize(
    "part",
    [
        pytest.param(name, marks=pytest.mark.destructive(part.breaks, restarts=(f"{name}*",)))
        for name, part in PARTS.items()
        if name not in KILLED_ELSEWHERE
    ],
)
def test_killed_part_heals_by_itself(stack: Stack, execution: Execution, part: str) -> None:
    """Preconditions: a healthy stack.
    Steps: send SIGKILL to the part's container; wait until it does again what others need it for.
    Expected: that takes at most 60 s, nobody helps, and every node agrees on the block that was the head before.
    """
    head = execution.nodes[-1].head

    healed = PARTS[part].killed(stack.site)

    figure(f"{part} healthy after SIGKILL", healed.seconds, "s", target=HEALED_TARGET_S, bound=HEALED_WITHIN_S)
    assert healed.ok, f"{part} is not healthy {HEALED_WITHIN_S:.0f} s after SIGKILL: {healed.summary}"
    hashes = execution.hashes_at(head)
    assert hashes.agree, hashes.told(f"the same block {head} everywhere")
