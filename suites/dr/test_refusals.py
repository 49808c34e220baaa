"""DRS: what cannot be restored is refused in one sentence, and clients are served as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.chain.transactions import HOST
from plumbline.components.recovery import altered
from plumbline.components.recovery.cut import Mode
from plumbline.components.recovery.drill import OLD
from plumbline.components.volumes import chain_marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.ingress import Ingress
    from plumbline.components.recovery.restore import Restore
    from plumbline.components.volumes.snapshots import Snapshot
    from plumbline.core import shell


@pytest.mark.control("DRS-005")
@pytest.mark.parametrize(
    ("program", "code", "says"),
    [
        pytest.param(altered.DAMAGED, 1, "cannot read it", id="damaged chain files"),
        pytest.param(altered.EMPTIED, 1, "holds no chain", id="empty volume"),
        pytest.param(altered.FILLED, 3, "restore it with a larger --size", id="full volume"),
    ],
)
def test_copy_that_is_no_chain_gets_no_clients(
    restore: Restore,
    ingress: Ingress,
    cut: Callable[[Mode], Snapshot],
    by_hand: Callable[..., shell.Result],
    program: str,
    code: int,
    says: str,
) -> None:
    """Preconditions: a good snapshot of a follower; one of a copy of it that was damaged, emptied, or filled to the last byte.
    Steps: restore the bad one by the command line, while clients ask 20 times a second.
    Expected: it says what is wrong and what to do, with the right exit code; nothing is left of it, and no request is lost.
    """
    with (
        altered.altered(restore.snapshots, cut(Mode.CRASH_CONSISTENT), program) as bad,
        ingress.traffic(HOST).flowing() as tally,
    ):
        ended = by_hand("restore", "--snapshot", bad.name)

    said = ended.stderr.strip().splitlines()[-1]
    assert (ended.code, says in said) == (code, True), f"geth-restored-0: exit code {ended.code}: {said}"
    assert not restore.replacement.present, f"geth-restored-0 is still there after: {said}"
    assert OLD in restore.execution.behind_service(), f"{OLD} gets no clients any more after: {said}"
    assert not tally.lost, f"while geth-restored-0 was refused: {tally}"


@pytest.mark.control("DRS-005")
@pytest.mark.parametrize(
    ("mark", "value", "says"),
    [
        pytest.param(chain_marks.GENESIS, "0x" + "00" * 32, "is of another network", id="wrong network"),
        pytest.param(chain_marks.CLIENT, "Geth/v9.9.9-stable", "may not be able to read", id="wrong client version"),
        pytest.param(chain_marks.HEAD_BLOCK, None, "does not say", id="unmarked"),
    ],
)
def test_snapshot_that_does_not_fit_is_refused_before_anything_is_made(
    restore: Restore,
    cut: Callable[[Mode], Snapshot],
    by_hand: Callable[..., shell.Result],
    mark: str,
    value: str | None,
    says: str,
) -> None:
    """Preconditions: a snapshot whose marks say that it is of another chain, or of a later client, or nothing.
    Steps: restore it by the command line.
    Expected: it is refused as wrong usage with the reason, and nothing was made.
    """
    snapshot = cut(Mode.CRASH_CONSISTENT)
    change = {"metadata": {"annotations": {mark: value}}}
    restore.snapshots.kube.patch("VolumeSnapshot", snapshot.name, snapshot.namespace, change)

    ended = by_hand("restore", "--snapshot", snapshot.name)

    assert (ended.code, says in ended.stderr) == (2, True), f"{snapshot.name}: exit code {ended.code}: {ended.stderr}"
    assert not restore.replacement.present, f"geth-restored-0 was made of {snapshot.name}"


@pytest.mark.control("DRS-005")
def test_missing_snapshot_is_named_with_those_that_there_are(
    cut: Callable[[Mode], Snapshot], by_hand: Callable[..., shell.Result]
) -> None:
    """Preconditions: a snapshot.
    Steps: restore one of another name.
    Expected: it is refused as wrong usage, and those that there are are named.
    """
    snapshot = cut(Mode.CRASH_CONSISTENT)

    ended = by_hand("restore", "--snapshot", "forgotten")

    assert (ended.code, snapshot.name in ended.stderr) == (2, True), f"{snapshot.name}: {ended.stderr}"
