"""Storage of local clusters: our CSI driver, volumes of real size, the default StorageClass."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from plumbline.components import volumes
from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.kube import NotFound
from plumbline.components.volumes import Claimed

_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Storage(HelmComponent):
    """The CSI driver ``loop.csi.plumbline.dev``: a loop-mounted file system for each volume, in an XFS pool with reflink."""

    name: ClassVar[str] = "storage"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    releases: ClassVar[tuple[Release, ...]] = (Release("storage", "storage", "storage", "privileged"),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("DaemonSet", "csi-loop", "storage"),)
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/csi:0.1.0",)
    driver: ClassVar[str] = "loop.csi.plumbline.dev"
    storage_class: ClassVar[str] = "loop"

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return where the API server is."""
        del release
        return {"networkPolicy": {"apiServerCidrs": self.kube.api_server_cidrs()}}

    def default_classes(self) -> dict[str, str]:
        """Return the StorageClasses of claims that name none, with the driver of each."""
        found = self.kube.objects("StorageClass")
        return {
            str(one["metadata"]["name"]): str(one["provisioner"])
            for one in found
            if one["metadata"].get("annotations", {}).get(_DEFAULT) == "true"
        }

    def snapshot_classes(self) -> dict[str, str] | None:
        """Return the VolumeSnapshotClasses, with the driver of each; None where the cluster has no snapshots at all."""
        try:
            found = self.kube.objects("VolumeSnapshotClass")
        except NotFound:
            return None
        return {str(one["metadata"]["name"]): str(one["driver"]) for one in found}

    def claimed(self, mib: int) -> AbstractContextManager[Claimed]:
        """Have a claim of some MiB, of the default class, and a pod that uses it, while the block runs."""
        return volumes.claimed(self.kube, mib)
