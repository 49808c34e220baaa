"""The consensus layer of the devnet: one beacon node on the executable specification."""

from __future__ import annotations

from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.devnet import NAMESPACE

HTTP_PORT, CONTROL_PORT = "3500", 3999


class Consensus(HelmComponent):
    """The beacon node (local/beacon): ready when the chain finalizes and followers can safely snap-sync."""

    name: ClassVar[str] = "consensus"
    devnet_only: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "devnet")
    uses: ClassVar[tuple[str, ...]] = ("execution",)
    within_s: ClassVar[float] = 180.0
    releases: ClassVar[tuple[Release, ...]] = (Release("beacon", "beacon", NAMESPACE),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("StatefulSet", "beacon", NAMESPACE),)
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/beacon:0.1.0",)

    def api(self, path: str, **query: Any) -> Any:
        """Return the decoded answer of a Beacon API path (https://ethereum.github.io/beacon-APIs)."""
        return self.kube.request("GET", self.kube.pod_url(NAMESPACE, "beacon-0", HTTP_PORT) + path, **query)
