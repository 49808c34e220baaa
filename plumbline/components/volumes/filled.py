"""A volume of a given size, claimed for a pod that fills it: whether a size is kept shows only when it is used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube import claims
from plumbline.kube.api import Kube, Object
from plumbline.kube.pods import confined
from plumbline.kube.probes import NAMESPACE

MIB = 1 << 20
POD = "plumbline-size"

# Writes until it may not, or has written what is asked for, and tells what the file system said.
_FILL = """
import errno, json, os, sys
written, said = 0, ""
with open("/volume/fill", "wb", buffering=0) as file:
    try:
        while written < int(sys.argv[1]):
            written += file.write(bytes(1 << 20))
        os.fsync(file)
    except OSError as error:
        said = errno.errorcode[error.errno]
told = os.statvfs("/volume")
print(json.dumps({"written": written, "said": said, "size": told.f_blocks * told.f_frsize}))
"""


@dataclass(frozen=True)
class Filled:
    """What became of writing to a volume.

    Attributes:
        written: bytes that were taken.
        said: the error that ended it (errno's name); empty where all was taken.
        size: size of the file system in bytes.
    """

    written: int
    said: str
    size: int

    def __str__(self) -> str:
        """Tell it in words."""
        ended = f"then said {self.said}" if self.said else "and would have taken more"
        return f"took {self.written / MIB:.1f} MiB {ended} (file system of {self.size / MIB:.1f} MiB)"


@dataclass(frozen=True)
class Claimed:
    """A claim without a class, and the pod that uses it."""

    kube: Kube
    mib: int

    def __str__(self) -> str:
        """Name the claim, and the volume that it got."""
        volume = self._claim.get("spec", {}).get("volumeName") or "none yet"
        return f"claim {NAMESPACE}/{POD} of {self.mib} MiB (volume {volume})"

    @property
    def _claim(self) -> Object:
        return self.kube.find("PersistentVolumeClaim", POD, NAMESPACE) or {}

    @property
    def capacity(self) -> str:
        """What the cluster says that it has, as a Kubernetes quantity."""
        return str(self._claim.get("status", {}).get("capacity", {}).get("storage", "none"))

    def mounted(self) -> wait.Condition[Any]:
        """Return the condition that the pod runs with the volume."""
        return self.kube.pod_ready(NAMESPACE, POD)

    def filled(self, size: int) -> Filled:
        """Write a number of bytes to it, or as many as it takes.

        Raises:
            PlumblineError: the pod cannot write at all.
        """
        ended = self.kube.exec(NAMESPACE, POD, ["python3", "-c", _FILL, str(size)], within_s=60)
        if not ended.ok:
            raise PlumblineError(f"{self} cannot be written to: {ended.stderr.strip()}")
        return Filled(**json.loads(ended.stdout))


@contextmanager
def claimed(kube: Kube, mib: int) -> Iterator[Claimed]:
    """Have a claim of some MiB, of the default class, and a pod that uses it, while the block runs."""
    _remove(kube)  # of an interrupted run
    try:
        kube.apply([claim(POD, mib), confined(POD, NAMESPACE, claims={"/volume": POD})])
        yield Claimed(kube, mib)
    finally:
        _remove(kube)


def _remove(kube: Kube) -> None:
    kube.delete("Pod", POD, NAMESPACE, grace_s=0)
    claims.remove(kube, NAMESPACE, POD)


def claim(name: str, mib: int) -> Object:
    """Return a claim of some MiB, of the default class, in the namespace of the probes."""
    return claims.claim(name, NAMESPACE, f"{mib}Mi")
