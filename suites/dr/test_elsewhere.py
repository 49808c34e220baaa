"""DRS: a backup is tried without a client noticing: its node stands in a namespace of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.recovery.cut import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.recovery.restore import Restore
    from plumbline.components.volumes.snapshots import Snapshot
    from plumbline.core import shell

INTO = "plumbline-elsewhere"


@pytest.mark.control("DRS-002")
def test_node_is_restored_into_a_namespace_of_its_own(
    restore: Restore, cut: Callable[[Mode], Snapshot], by_hand: Callable[..., shell.Result]
) -> None:
    """Preconditions: a snapshot of a follower.
    Steps: restore it into a new namespace by the command line; do so once more; then undo it.
    Expected: nothing is said against the node, and clients are sent where they were; the second time the namespace is refused.
    Afterwards the namespace is gone, and the snapshot is as it was.
    """
    snapshot, served = cut(Mode.CRASH_CONSISTENT), restore.execution.behind_service()
    by_hand("restore", "--undo", "--into", INTO)  # of an interrupted run

    made = by_hand("restore", "--snapshot", snapshot.name, "--into", INTO)
    again = by_hand("restore", "--snapshot", snapshot.name, "--into", INTO)
    served_meanwhile = restore.execution.behind_service()
    undone = by_hand("restore", "--undo", "--into", INTO)

    assert made.ok, f"geth-restored-0 does not stand in {INTO}: {made.stderr.strip()}"
    assert f"gets no clients in namespace {INTO}" in made.stdout, made.stdout
    assert again.code == 2, f"{INTO} was restored into twice: {again.stdout}{again.stderr}"
    assert served_meanwhile == served, f"clients are sent to {served_meanwhile}, it was {served}"
    assert undone.ok, f"{INTO} is not gone: {undone.stderr.strip()}"
    assert restore.execution.kube.find("Namespace", INTO) is None, f"{INTO} is left"
    assert restore.snapshots.find(snapshot.name) == snapshot, f"{snapshot} is not as it was"
    assert not restore.snapshots.orphans(), f"contents without a snapshot: {restore.snapshots.orphans()}"
