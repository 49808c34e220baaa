"""Snapshots of volumes that were damaged, emptied or filled on purpose: what a restore must refuse, made from a good one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plumbline.components.volumes import copies
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.core.errors import PlumblineError

NAME = "plumbline-altered"

# Each is run by Python on a copy, which is mounted at /volume.
DAMAGED = """
from pathlib import Path
for file in Path("/volume/geth/chaindata").rglob("*"):
    if file.is_file() and file.suffix in (".sst", ".log", ".cdat", ".rdat") and file.stat().st_size > 4096:
        with file.open("r+b") as content:
            for place in range(2048, file.stat().st_size, 4096):
                content.seek(place)
                content.write(bytes(64))
"""
EMPTIED = """
import shutil
from pathlib import Path
for entry in Path("/volume").iterdir():
    if entry.name != "lost+found":
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
"""
FILLED = """
import os
left = os.open("/volume/filler", os.O_CREAT | os.O_WRONLY)
size, step = 0, 1 << 30
while step:
    try:
        os.posix_fallocate(left, size, step)
        size += step
    except OSError:
        step //= 2
"""


@contextmanager
def altered(snapshots: Snapshots, good: Snapshot, program: str) -> Iterator[Snapshot]:
    """Have a snapshot of a copy on which a program was run, with the marks of the good one, while the block runs.

    Raises:
        PlumblineError: the program failed.
    """
    snapshots.remove(NAME)  # of an interrupted run
    try:
        with copies.ran(snapshots.kube, good, NAME, ["python3", "-c", program]) as ended:
            if not ended.ok:
                raise PlumblineError(f"a copy of {good} could not be altered: {ended.said}")
            snapshot = snapshots.take(ended.claim, name=NAME, labels=good.labels, annotations=good.annotations)
        yield snapshot
    finally:
        snapshots.remove(NAME)
