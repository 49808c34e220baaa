"""DRS: a snapshot of a node that goes on working is worth something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.execution import CRASH_LOSES_AT_MOST, claim_of
from plumbline.components.volumes import offline
from plumbline.components.volumes.chain_marks import ChainMarks
from plumbline.core.patience import settle
from reports.evidence import figure

if TYPE_CHECKING:
    from plumbline.components.execution import Execution
    from plumbline.components.storage import Storage
    from plumbline.components.volumes.snapshots import Snapshots

NAME = "plumbline-live"
READY_WITHIN_S = 10.0
HELD_TARGET_S, HELD_AT_MOST_S = 0.05, 0.1


@pytest.mark.undisturbed
@pytest.mark.control("DRS-001")
def test_snapshot_of_a_live_node_is_a_point_in_time(
    execution: Execution, storage: Storage, on_demand: Snapshots
) -> None:
    """Preconditions: a node that follows the chain.
    Steps: note its head and have a snapshot of its volume taken, without stopping it; note its head again. Restore the
    snapshot to a volume of its own, and open that by the client, offline.
    Expected: the snapshot is ready within 10 s, and the node's writers were held for less than 100 ms. The copy opens by
    itself, and its head is a block of the chain: not newer than the head after, and older than the head before by no more than
    the client may keep in memory.
    """
    node = execution.nodes[-1]
    before, held_before = ChainMarks.of(node), storage.held_s()

    on_demand.ask(claim_of(node.name), name=NAME, labels=before.labels, annotations=before.annotations)
    ready = settle(on_demand.ready(NAME), named=f"{NAME} ready", within_s=READY_WITHIN_S)

    assert ready.ok, f"{ready.summary}; {storage.state()}"
    assert ready.value is not None
    held, after = storage.held_s() - held_before, node.head
    figure("snapshot of a live node asked for, to ready", ready.seconds, "s", bound=READY_WITHIN_S)
    figure("writers held by a snapshot", held, "s", target=HELD_TARGET_S, bound=HELD_AT_MOST_S)
    copied = offline.head(execution.kube, ready.value, node.image)
    there = node.block(copied.number)["hash"]
    assert copied.hash == there, f"{ready.value} has {copied}, which is {there} in the chain of {node.name}"
    figure("blocks that a live node had not written", before.head_block - copied.number, "", bound=CRASH_LOSES_AT_MOST)
    assert before.head_block - CRASH_LOSES_AT_MOST <= copied.number <= after, (
        f"{ready.value} has {copied}, but {node.name} was at {before.head_block} before it and at {after} after it"
    )
    assert 0 < held < HELD_AT_MOST_S, f"{ready.value} held the writers of {node.name} for {held * 1000:.0f} ms"
