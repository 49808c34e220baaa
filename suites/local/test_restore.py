"""DRS: one snapshot and one restore, by which it is known in seconds that a backup is one; suites/dr has the drills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.claims import claim
from plumbline.components.recovery.cut import Mode
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.recovery.restore import Restore
    from plumbline.components.volumes.snapshots import Snapshot


@pytest.mark.control("DRS-002")
def test_restored_node_has_the_same_chain(restore: Restore, cut: Callable[[Mode], Snapshot]) -> None:
    """Preconditions: a follower at the head.
    Steps: snapshot its volume while it writes; start a node on a copy of that; have it judged when it is at the head.
    Expected: an execution node and Helios have the same block at the snapshot's height, and prove the same accounts and storage.
    """
    with claim("geth-restored-0 has the chain of geth-follower-0, of whose volume it has a copy"):
        restored = restore.judged(cut(Mode.CRASH_CONSISTENT).name)

    attach("restored", str(restored))
    figure("snapshot restored to a node at the head", restored.course.seconds, "s")
