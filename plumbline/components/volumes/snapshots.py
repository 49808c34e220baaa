"""VolumeSnapshots: asked for, waited for, listed and removed, with what is behind them.

Source: https://kubernetes.io/docs/concepts/storage/volume-snapshots/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.core import wait
from plumbline.kube import ours
from plumbline.kube.api import Kube, Object
from plumbline.kube.claims import claim

GROUP = "snapshot.storage.k8s.io"
DEFINITIONS = ("volumesnapshotclasses", "volumesnapshotcontents", "volumesnapshots")
_READY_WITHIN_S, _GONE_WITHIN_S = 30.0, 60.0
_LOOK = "plumbline logs storage"


@dataclass(frozen=True)
class Snapshot:
    """A VolumeSnapshot, as the API server knows it.

    Attributes:
        name: its name.
        namespace: where it is.
        claim: the claim whose volume it is of; empty where it was provisioned beforehand.
        ready: whether a volume can be restored from it.
        error: why it is not, in the words of whoever tried last; empty where nobody failed.
        content: name of its VolumeSnapshotContent; empty while it has none.
        asked: when it was asked for.
        taken: the point in time; None while it was not taken.
        size: the least size of a volume restored from it, as a Kubernetes quantity; empty while that is not known.
        labels: its labels.
        annotations: its annotations.
    """

    name: str
    namespace: str
    claim: str
    ready: bool
    error: str
    content: str
    asked: datetime
    taken: datetime | None
    size: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @classmethod
    def of(cls, found: Object) -> Snapshot:
        """Read the object."""
        meta, status = found["metadata"], found.get("status") or {}
        return cls(
            name=str(meta["name"]),
            namespace=str(meta["namespace"]),
            claim=str(found["spec"]["source"].get("persistentVolumeClaimName", "")),
            ready=bool(status.get("readyToUse")),
            error=str((status.get("error") or {}).get("message", "")),
            content=str(status.get("boundVolumeSnapshotContentName", "")),
            asked=datetime.fromisoformat(meta["creationTimestamp"]),
            taken=datetime.fromisoformat(status["creationTime"]) if status.get("creationTime") else None,
            size=str(status.get("restoreSize", "")),
            labels=meta.get("labels", {}),
            annotations=meta.get("annotations", {}),
        )

    def __str__(self) -> str:
        """Tell it in words."""
        state = "ready" if self.ready else self.error or ("not ready yet" if self.content else "nobody has taken it on")
        return f"snapshot {self.namespace}/{self.name} of {self.claim or 'something else'}: {state}"

    def claim_of(self, name: str, size: str = "") -> Object:
        """Return a claim of the default class for a volume restored from it.

        Args:
            name: the claim's name.
            size: its size as a Kubernetes quantity; the snapshot's own where it is empty.
        """
        copied = claim(name, self.namespace, size or self.size)
        copied["spec"]["dataSource"] = {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": self.name}
        return copied


@dataclass(frozen=True)
class Snapshots:
    """The VolumeSnapshots of one namespace."""

    kube: Kube
    namespace: str

    def ask(
        self,
        claim: str,
        *,
        name: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Ask for a snapshot of a claim's volume, of the class that is the default for its driver; does not wait."""
        named = {**ours.meta(name, self.namespace, labels), "annotations": dict(annotations or {})}
        spec = {"source": {"persistentVolumeClaimName": claim}}
        self.kube.apply([{"apiVersion": f"{GROUP}/v1", "kind": "VolumeSnapshot", "metadata": named, "spec": spec}])

    def ready(self, name: str) -> wait.Condition[Snapshot]:
        """Return the condition that a volume can be restored from a snapshot."""

        def judge(found: dict[str, Object]) -> wait.Observation[Snapshot]:
            if name not in found:
                missing = f"there is no snapshot {self.namespace}/{name}"
                return wait.Observation(False, None, missing)  # type: ignore[arg-type]
            snapshot = Snapshot.of(found[name])
            return wait.Observation(snapshot.ready, snapshot, str(snapshot))

        return self.kube.watch("VolumeSnapshot", self.namespace, judge, name=name)

    def take(
        self,
        claim: str,
        *,
        name: str,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        within_s: float = _READY_WITHIN_S,
    ) -> Snapshot:
        """Ask for a snapshot of a claim's volume, and return it once it is ready.

        Raises:
            wait.Timeout: it is not ready in time; the message says why.
        """
        self.ask(claim, name=name, labels=labels, annotations=annotations)
        return wait.until(self.ready(name), named=f"snapshot {name} ready", within_s=within_s, look=_LOOK)

    def find(self, name: str) -> Snapshot | None:
        """Return a snapshot, or None where there is none of this name."""
        found = self.kube.find("VolumeSnapshot", name, self.namespace)
        return Snapshot.of(found) if found else None

    def all(self, selector: str = "") -> list[Snapshot]:
        """Return the snapshots that a label selector means, newest first."""
        found = map(Snapshot.of, self.kube.objects("VolumeSnapshot", self.namespace, selector=selector))
        return sorted(found, key=lambda snapshot: snapshot.taken or snapshot.asked, reverse=True)

    def handle(self, snapshot: Snapshot) -> str:
        """Return the driver's own id of a snapshot that is ready."""
        content = self.kube.get("VolumeSnapshotContent", snapshot.content)
        return str(content["status"]["snapshotHandle"])

    def remove(self, *names: str) -> None:
        """Delete snapshots, and wait until nothing of them is left.

        Raises:
            wait.Timeout: something is.
        """
        contents = [snapshot.content for name in names if (snapshot := self.find(name)) and snapshot.content]
        for name in names:
            self.kube.delete("VolumeSnapshot", name, self.namespace)
        left = [self.kube.gone("VolumeSnapshot", name, self.namespace) for name in names]
        left += [self.kube.gone("VolumeSnapshotContent", content, "") for content in contents]
        wait.until(wait.every(*left), named=f"{', '.join(names)} gone", within_s=_GONE_WITHIN_S, look=_LOOK)

    def orphans(self) -> dict[str, str]:
        """Return the names of VolumeSnapshotContents whose VolumeSnapshot is not there (any more), each with that one's."""
        own = {snapshot.name for snapshot in self.all()}
        contents: list[Any] = self.kube.objects("VolumeSnapshotContent")
        refs = {str(each["metadata"]["name"]): each["spec"]["volumeSnapshotRef"] for each in contents}
        return {
            name: str(ref["name"])
            for name, ref in refs.items()
            if ref["namespace"] == self.namespace and ref["name"] not in own
        }
