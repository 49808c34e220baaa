"""Storage of local clusters: our CSI driver, volumes of real size, the default StorageClass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload


class Storage(HelmComponent):
    """The CSI driver ``loop.csi.plumbline.dev``: a loop-mounted file system for each volume, in an XFS pool with reflink."""

    name: ClassVar[str] = "storage"
    needs: ClassVar[tuple[str, ...]] = ("service-network",)
    releases: ClassVar[tuple[Release, ...]] = (Release("storage", "storage", "storage", "privileged"),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("DaemonSet", "csi-loop", "storage"),)
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/csi:0.1.0",)

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return where the API server is."""
        del release
        return {"networkPolicy": {"apiServerCidrs": self.kube.api_server_cidrs()}}
