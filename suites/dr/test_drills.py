"""DRS: a node is lost and another one takes its place from a snapshot, under traffic; what that costs is held to the budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.recovery.cut import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.recovery.drill import Drill
    from plumbline.core.config import Config


@pytest.mark.control("DRS-003", "DRS-005")
@pytest.mark.destructive("execution")
@pytest.mark.parametrize("mode", list(Mode))
def test_restored_node_takes_over(drilled: Callable[[Mode], list[Drill]], config: Config, mode: Mode) -> None:
    """Preconditions: a follower that serves clients; clients that ask 20 times a second.
    Steps: snapshot the follower's volume (stopped gracefully, or while it writes); restore it to a new node; have that judged by
    an execution node and by Helios; send the follower's clients to it.
    Expected: nothing is said against it, no request is lost, and recovery point and recovery time are within their budgets.
    """
    for drill in drilled(mode):
        assert drill.restored is not None, f"geth-restored-0 did not take over: {drill.failure}\n{drill.timeline()}"
        lost, allowed = drill.restored.lost_blocks, drill.allowed(config)
        assert lost <= allowed, f"geth-restored-0 lacked {lost} blocks, {allowed} are allowed\n{drill.timeline()}"
        assert drill.rto_s <= config.rto_s, (
            f"geth-restored-0 took {drill.rto_s:.1f} s, {config.rto_s:.0f} are allowed\n{drill.timeline()}"
        )
        assert not drill.tally.lost, f"while geth-restored-0 took over: {drill.tally}\n{drill.timeline()}"
