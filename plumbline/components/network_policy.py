"""NetworkPolicy enforcement: kube-router's firewall, proved on probe pods before anything relies on it."""

from __future__ import annotations

from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.core import wait


class NetworkPolicy(HelmComponent):
    """kube-router as firewall only (https://www.kube-router.io), and the probes that show that a closed flow is closed.

    KinD's own enforcement fails open without a word on kernels that lack NFT_QUEUE, so enforcement is not believed but tried:
    the denied probe is ready only while it cannot reach the listener that the allowed probe reaches.
    """

    name: ClassVar[str] = "network-policy"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)
    releases: ClassVar[tuple[Release, ...]] = (
        Release("kube-router", "network-policy", "kube-system", "privileged"),
        Release("conformance", "conformance", "conformance"),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("DaemonSet", "kube-router", "kube-system"),
        Workload("Deployment", "probe-echo", "conformance"),
        Workload("Deployment", "probe-allowed", "conformance"),
        Workload("Deployment", "probe-denied", "conformance"),
    )

    def enforced(self) -> wait.Condition[Any]:
        """Return the condition that the allowed flow is open and the denied one closed, at the same time."""
        return self.ready()
