"""The life of one volume in three acts, each asked for without waiting for it: made for a pod, copied, and removed with its copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plumbline.components.volumes.filled import claim
from plumbline.components.volumes.snapshots import Snapshots
from plumbline.core import wait
from plumbline.kube.api import Kube
from plumbline.kube.pods import confined
from plumbline.kube.probes import NAMESPACE

_NAME, _MIB = "plumbline-life", 32
_PATH = "/volume/mark"


@dataclass(frozen=True)
class Act:
    """One act.

    Attributes:
        name: what is done, in words.
        ask: asks the API server for it.
        done: makes the condition that it is done.
    """

    name: str
    ask: Callable[[], None]
    done: Callable[[], wait.Condition[Any]]


@dataclass(frozen=True)
class VolumeLife:
    """The life of a volume with a mark on it."""

    kube: Kube
    mark: str

    @property
    def acts(self) -> tuple[Act, ...]:
        """What happens to it, in order."""
        return (
            Act("a volume is made", self._make, lambda: self.kube.pod_ready(NAMESPACE, _NAME)),
            Act("it is copied", self._copy, lambda: self._snapshots.ready(_NAME)),
            Act("it is removed with its copy", self.end, self._gone),
        )

    @property
    def marked(self) -> bool:
        """Whether the mark is on it (still)."""
        return self.kube.exec(NAMESPACE, _NAME, ["cat", _PATH]).stdout.strip() == self.mark

    def end(self) -> None:
        """Ask for the end of the volume, of its pod, and of its copy."""
        self.kube.delete("VolumeSnapshot", _NAME, NAMESPACE)
        self.kube.delete("Pod", _NAME, NAMESPACE, grace_s=0)
        self.kube.delete("PersistentVolumeClaim", _NAME, NAMESPACE)

    @property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.kube, NAMESPACE)

    def _make(self) -> None:
        write = f"echo {self.mark} > {_PATH} && sync && exec sleep infinity"
        pod = confined(_NAME, NAMESPACE, command=("sh", "-c", write), claims={"/volume": _NAME})
        self.kube.apply([claim(_NAME, _MIB), pod])

    def _copy(self) -> None:
        self._snapshots.ask(_NAME, name=_NAME)

    def _gone(self) -> wait.Condition[Any]:
        kinds = ("VolumeSnapshot", "PersistentVolumeClaim", "Pod")
        return wait.every(*(self.kube.gone(kind, _NAME, NAMESPACE) for kind in kinds))
