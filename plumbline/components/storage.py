"""Storage of local clusters: our CSI driver, volumes of real size, snapshots of them, and the default classes of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from plumbline.components import definitions, metrics, snapshots, volumes
from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.snapshots import Snapshots
from plumbline.components.volumes import Claimed
from plumbline.core import wait

_NAMESPACE, _HTTP_PORT = "storage", "9808"
_DRIVERS = "app.kubernetes.io/component=storage"
_SNAPSHOT_MODULE = "github.com/kubernetes-csi/external-snapshotter/client/v8"
_SOON_S = 30.0
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Storage(HelmComponent):
    """The CSI driver ``loop.csi.plumbline.dev``: a loop-mounted file system for each volume, in an XFS pool with reflink."""

    name: ClassVar[str] = "storage"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    releases: ClassVar[tuple[Release, ...]] = (Release("storage", "storage", _NAMESPACE, "privileged"),)
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("DaemonSet", "csi-loop", _NAMESPACE),
        Workload("Deployment", "snapshot-controller", _NAMESPACE),
    )
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/csi:0.1.0",)
    asked: ClassVar[tuple[str, ...]] = (_HTTP_PORT,)
    driver: ClassVar[str] = "loop.csi.plumbline.dev"
    storage_class: ClassVar[str] = "loop"
    snapshot_class: ClassVar[str] = "loop"

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return where the API server is."""
        del release
        return {"networkPolicy": {"apiServerCidrs": self.kube.api_server_cidrs()}}

    def prepare(self) -> None:
        """Apply the CRDs of the pinned module, and wait until there can be a VolumeSnapshotClass."""
        for plural in snapshots.DEFINITIONS:
            manifest = f"config/crd/{snapshots.GROUP}_{plural}.yaml"
            self.kube.apply(definitions.of_module(self.site.paths, _SNAPSHOT_MODULE, manifest))
        name = f"{snapshots.DEFINITIONS[0]}.{snapshots.GROUP}"
        wait.until(definitions.established(self.kube, name), named=f"{name} established", within_s=_SOON_S)

    def default_classes(self) -> dict[str, str]:
        """Return the StorageClasses of claims that name none, with the driver of each."""
        found = self.kube.objects("StorageClass")
        return {
            str(one["metadata"]["name"]): str(one["provisioner"])
            for one in found
            if one["metadata"].get("annotations", {}).get(_DEFAULT) == "true"
        }

    def snapshot_classes(self) -> dict[str, str]:
        """Return the VolumeSnapshotClasses, with the driver of each."""
        return {str(one["metadata"]["name"]): str(one["driver"]) for one in self.kube.objects("VolumeSnapshotClass")}

    def snapshots(self, namespace: str) -> Snapshots:
        """Return the VolumeSnapshots of a namespace."""
        return Snapshots(self.kube, namespace)

    def held_s(self) -> float:
        """Return how long writers have been held for copies since the drivers started, in seconds, all together."""
        drivers = self.kube.objects("Pod", _NAMESPACE, selector=_DRIVERS)
        told = [metrics.of_pod(self.kube, _NAMESPACE, str(pod["metadata"]["name"]), _HTTP_PORT) for pod in drivers]
        return sum(each["plumbline_csi_freeze_seconds_total"] for each in told)

    def claimed(self, mib: int) -> AbstractContextManager[Claimed]:
        """Have a claim of some MiB, of the default class, and a pod that uses it, while the block runs."""
        return volumes.claimed(self.kube, mib)
