"""DRS-006: who makes volumes and snapshots may die at any moment, and nothing is lost or leaked."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from plumbline.components.volumes import sequence
from plumbline.components.volumes.life import VolumeLife
from plumbline.core import wait
from plumbline.core.patience import settle
from plumbline.kube.probes import NAMESPACE
from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.storage import Storage

SEED = 1559
LATEST_S = 1.2  # after an act was asked for; by then it is mostly done
DONE_WITHIN_S, SETTLED_WITHIN_S = 90.0, 60.0
AFTER = "plumbline-after-kills"


@pytest.mark.destructive("storage", restarts=("csi-loop*", "snapshot-controller*"))
@pytest.mark.control("DRS-006")
@pytest.mark.parametrize(
    ("container", "kills"), [("snapshotter", 3), ("provisioner", 3), ("snapshot-controller", 3), ("driver", 20)]
)
def test_killed_half_way_leaves_nothing_lost_and_nothing_leaked(storage: Storage, container: str, kills: int) -> None:
    """Preconditions: a pod that writes without a pause to a volume of its own.
    Steps: have volumes made, copied and removed, and kill the container (SIGKILL) at a random moment of each act; the moments
    are the same in every run. Copy the writer's volume at the end.
    Expected: each act is done in the end, by itself. What was written stays; the writer goes on, and its copy is a prefix of
    its sequence. The drivers' pools hold what the API server knows, and nothing else.
    """
    stock = storage.stock()
    moments, told = random.Random(SEED), []  # noqa: S311
    with sequence.writing(storage.kube) as writer:
        try:
            for number in range(kills):
                life = VolumeLife(storage.kube, f"life-{number // 3}")
                act, after_s = life.acts[number % 3], moments.uniform(0, LATEST_S)
                act.ask()
                wait.moment(time.time() + after_s, f"{after_s:.2f} s after {act.name}")
                storage.kill(container)
                done = settle(act.done(), named=f"{act.name}, though {container} was killed", within_s=DONE_WITHIN_S)
                told.append(
                    f"{act.name}, {container} killed after {after_s:.2f} s: done {done.seconds:.1f} s after that"
                )
                assert done.ok, f"{told[-1]}: {done.summary}"
                assert number % 3 == 2 or life.marked, f"{told[-1]}: the volume has lost what was on it"
        finally:
            attach("kills", "\n".join(told))
            VolumeLife(storage.kube, "").end()
        before = writer.written
        snapshot = storage.snapshots(NAMESPACE).take(writer.claim, name=AFTER, within_s=DONE_WITHIN_S)
        after = writer.written
        (copy,) = sequence.copies(storage.kube, [snapshot])
        storage.kube.delete("VolumeSnapshot", AFTER, NAMESPACE)  # whether all of it goes is judged with the rest
    assert copy.is_prefix(before, after), f"the copy after all kills has {copy}; the writer was at {before} to {after}"
    settled = settle(storage.has(stock), named="nothing leaked", within_s=SETTLED_WITHIN_S)
    orphans = storage.snapshots(NAMESPACE).orphans()
    assert settled.ok, f"after {kills} kills of {container}: {settled.summary}; before: {stock}; orphans: {orphans}"
