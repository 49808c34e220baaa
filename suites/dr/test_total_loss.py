"""DRS: the cluster is lost, and another one serves the same chain, from the repository and what was kept outside."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from fixtures.claims import claim
from plumbline.core.patience import settle
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.recovery import Losable
    from plumbline.components.recovery.vault import Export
    from plumbline.core import shell
    from plumbline.stack import Stack

HEAD_MOVES_WITHIN_S = 60.0


@pytest.mark.control("DRS-007")
def test_what_no_cluster_can_be_rebuilt_from_is_reported_before_anything_is_deleted(
    stack: Stack, by_hand: Callable[..., shell.Result], exported: Callable[[], Export]
) -> None:
    """Preconditions: a standing cluster.
    Steps: export it to a folder outside; take each of the export's files away in turn, then damage one, then forget the
    passphrase; rebuild from that each time.
    Expected: each time it is said what is missing, and nothing was deleted: the cluster stands, with its pods as they were.
    """
    export = exported()
    before = {pod["metadata"]["uid"] for pod in stack.cluster.pods()}

    for file in sorted(export.folder.iterdir()):
        kept = file.rename(file.with_name("taken away"))
        refused = by_hand("rebuild", export.folder)
        kept.rename(file)
        assert (refused.code, file.name in refused.stderr) == (2, True), f"{file.name} was missed: {refused.stderr}"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    refused = by_hand("rebuild", export.folder)
    assert (refused.code, file.name in refused.stderr) == (2, True), f"{file.name} was cut: {refused.stderr}"
    file.write_bytes(whole)
    refused = by_hand("rebuild", export.folder, passphrase=export.hash)
    assert (refused.code, "passphrase" in refused.stderr) == (2, True), f"the wrong passphrase: {refused.stderr}"
    left = {pod["metadata"]["uid"] for pod in stack.cluster.pods()}
    assert before <= left, "pods of the cluster are gone after a rebuild that was refused"


@pytest.mark.total_loss
@pytest.mark.control("DRS-007")
def test_rebuilt_cluster_serves_the_same_chain(losable: Losable) -> None:
    """Preconditions: a cluster of its own, whose chain finalizes; an export of it.
    Steps: delete the cluster; rebuild it from the repository, the escrowed keys and the export.
    Expected: every node has the block that was the head before, the chain goes on from there, and the old keys open what is sealed.
    """
    export = losable.exported()

    start = time.monotonic()
    with claim(f"geth-0 serves the chain of {export.folder} again"):
        stack = losable.rebuilt(export)

    attach(
        "what the export holds", "\n".join(f"{file.stat().st_size:>12} {file.name}" for file in export.folder.iterdir())
    )
    figure("total loss, to a stack that serves the same chain", time.monotonic() - start, "s")
    others = stack.execution.hashes_at(export.block).other_than(export.hash)
    assert not others, others.told(f"block {export.block} with hash {export.hash}")
    further = settle(
        stack.execution.at_height(stack.execution.nodes[0].head + 1),
        named="the chain goes on",
        within_s=HEAD_MOVES_WITHIN_S,
    )
    assert further.ok, further.summary
    lost = [sealed.name for sealed in stack.sealed_secrets.report().lost]
    assert not lost, f"no key of the rebuilt cluster opens {lost}"
