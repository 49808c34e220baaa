"""A writer that never pauses, and what copies of its volume have of what it wrote: a prefix, or they are no point in time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.volumes.filled import claim
from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube import claims
from plumbline.kube.api import Kube
from plumbline.kube.pods import confined
from plumbline.kube.probes import NAMESPACE

_WRITER, _READER = "plumbline-writer", "plumbline-reader"
_MIB = 64
_READY_WITHIN_S = 90.0

# Numbers from nought on, each in a record of its own; some are forced to the disk, most are left to the system.
_WRITE = """
import os, struct, time
with open("/volume/sequence", "wb", buffering=0) as file:
    number = 0
    while True:
        file.write(struct.pack("<Q56x", number))
        number += 1
        if number % 64 == 0:
            os.fdatasync(file.fileno())
        time.sleep(0.0005)
"""
_COUNT = "import os; print(os.stat('/volume/sequence').st_size // 64)"

# How many records each copy has, and the first that is not its number (-1: all are).
_READ = """
import json, struct, sys
found = []
for path in sys.argv[1:]:
    content = open(f"{path}/sequence", "rb").read()
    numbers = [number for (number,) in struct.iter_unpack("<Q56x", content[: len(content) // 64 * 64])]
    found.append([len(numbers), next((at for at, number in enumerate(numbers) if at != number), -1)])
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Copy:
    """What a copy has of the sequence.

    Attributes:
        records: how many records.
        broken_at: the first record that is not its number; -1 where all are.
    """

    records: int
    broken_at: int

    def is_prefix(self, least: int, most: int) -> bool:
        """Return whether it is the sequence as it was at a moment: unbroken, and of a length between two."""
        return self.broken_at < 0 and least <= self.records <= most

    def __str__(self) -> str:
        """Tell it in words."""
        return f"{self.records} records, " + ("unbroken" if self.broken_at < 0 else f"broken at {self.broken_at}")


@dataclass(frozen=True)
class Writer:
    """The pod that writes, on a volume of its own."""

    kube: Kube
    claim: str = _WRITER

    @property
    def written(self) -> int:
        """How many records it has written so far."""
        ended = self.kube.exec(NAMESPACE, _WRITER, ["python3", "-c", _COUNT])
        if not ended.ok:
            raise PlumblineError(f"{NAMESPACE}/{_WRITER} does not say how much it has written: {ended.stderr.strip()}")
        return int(ended.stdout)


@contextmanager
def writing(kube: Kube) -> Iterator[Writer]:
    """Have a pod write the sequence while the block runs."""
    _remove(kube, _WRITER, [_WRITER])
    try:
        pod = confined(_WRITER, NAMESPACE, command=("python3", "-c", _WRITE), claims={"/volume": _WRITER})
        kube.apply([claim(_WRITER, _MIB), pod])
        _await(kube, _WRITER)
        yield Writer(kube)
    finally:
        _remove(kube, _WRITER, [_WRITER])


def copies(kube: Kube, snapshots: Sequence[Snapshot]) -> list[Copy]:
    """Return what each of some snapshots has of the sequence; all are restored at once, for one pod that reads them."""
    names = [f"{_READER}-{number}" for number in range(len(snapshots))]
    paths = {f"/copies/{name}": name for name in names}
    _remove(kube, _READER, names)
    try:
        kube.apply(snapshot.claim_of(name) for snapshot, name in zip(snapshots, names, strict=True))
        kube.apply([confined(_READER, NAMESPACE, claims=paths)])
        _await(kube, _READER)
        ended = kube.exec(NAMESPACE, _READER, ["python3", "-c", _READ, *paths], within_s=60)
        if not ended.ok:
            raise PlumblineError(f"{NAMESPACE}/{_READER} cannot read the copies: {ended.stderr.strip()}")
        return [Copy(*each) for each in json.loads(ended.stdout)]
    finally:
        _remove(kube, _READER, names)


def _await(kube: Kube, pod: str) -> None:
    """Wait until a pod runs with its volumes."""
    wait.until(kube.pod_ready(NAMESPACE, pod), named=f"pod {NAMESPACE}/{pod} ready", within_s=_READY_WITHIN_S)


def _remove(kube: Kube, pod: str, names: Sequence[str]) -> None:
    kube.delete("Pod", pod, NAMESPACE, grace_s=0)
    claims.remove(kube, NAMESPACE, *names)
