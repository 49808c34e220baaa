"""DRS-001: a snapshot of a volume that is written to all the time has what was written before it, and nothing after."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from plumbline.components.volumes import sequence
from plumbline.kube.probes import NAMESPACE
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.components.storage import Storage

SNAPSHOTS = 20
HELD_TARGET_S, HELD_AT_MOST_S = 0.05, 0.1


@pytest.mark.undisturbed
@pytest.mark.control("DRS-001")
def test_every_snapshot_of_a_writer_is_a_prefix_of_its_sequence(storage: Storage) -> None:
    """Preconditions: a pod that appends numbered records to a file without a pause, most of them unforced.
    Steps: take twenty snapshots of its volume, noting between them how far it is; restore all; read the files.
    Expected: each has the first so many records, unbroken, at least those before it and at most those after it. The writer was
    held for less than 100 ms each time.
    """
    snapshots, taken = storage.snapshots(NAMESPACE), []
    names = [f"plumbline-point-{number}" for number in range(SNAPSHOTS)]
    try:
        with sequence.writing(storage.kube) as writer:
            written, held_s = [writer.written], [storage.held_s()]
            for name in names:
                taken.append(snapshots.take(writer.claim, name=name))
                written.append(writer.written)
                held_s.append(storage.held_s())
            copies = sequence.copies(storage.kube, taken)
    finally:
        snapshots.remove(*names)

    between, held = list(pairwise(written)), [after - before for before, after in pairwise(held_s)]
    told = [f"{name}: {copy}, the writer was at {at}" for name, copy, at in zip(names, copies, between, strict=True)]
    attach("copies", "\n".join(told))
    figure("longest time that a snapshot held a writer", max(held), "s", target=HELD_TARGET_S, bound=HELD_AT_MOST_S)
    torn = [line for line, copy, at in zip(told, copies, between, strict=True) if not copy.is_prefix(*at)]
    assert not torn, "\n".join(torn)
    assert max(held) < HELD_AT_MOST_S, f"a snapshot held the writer for {max(held) * 1000:.0f} ms"
