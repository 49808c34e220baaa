"""What a pod uses of its node, as the kubelet measures it (its Summary API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.kube.api import Kube


@dataclass(frozen=True)
class Usage:
    """One moment.

    Attributes:
        memory_bytes: working set: what counts against the limit.
        cpu_cores: over the last seconds.
        disk_bytes: what it wrote: to volumes, its own file system, and its log.
        room_bytes: what is left on the fullest of its claims' volumes; None where it has none.
    """

    memory_bytes: int
    cpu_cores: float
    disk_bytes: int
    room_bytes: int | None = None

    def __str__(self) -> str:
        """Show it in the units that people use."""
        return f"{self.memory_bytes / 2**20:.0f} MiB, {self.cpu_cores:.3f} cores, {self.disk_bytes / 2**20:.1f} MiB on disk"

    @classmethod
    def of(cls, measured: Mapping[str, Any]) -> Usage:
        """Read a pod's entry in the summary."""
        claims = [volume for volume in measured.get("volume", ()) if "pvcRef" in volume]
        disk = measured["ephemeral-storage"]["usedBytes"] + sum(volume["usedBytes"] for volume in claims)
        room = min((volume["availableBytes"] for volume in claims), default=None)
        return cls(measured["memory"]["workingSetBytes"], measured["cpu"]["usageNanoCores"] / 1e9, disk, room)


def of_pod(kube: Kube, namespace: str, name: str) -> Usage:
    """Return what a pod uses now.

    Raises:
        LookupError: the kubelet has not measured it yet.
    """
    node = kube.get("Pod", name, namespace)["spec"]["nodeName"]
    summary = kube.request("GET", f"/api/v1/nodes/{node}/proxy/stats/summary")
    for measured in summary["pods"]:
        if measured["podRef"]["name"] == name and measured["podRef"]["namespace"] == namespace:
            return Usage.of(measured)
    raise LookupError(f"the kubelet of {node} has not measured {namespace}/{name} yet")
