"""NetworkPolicy enforcement: kube-router's firewall, proved on probe pods before anything relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.kube.api import name_of
from plumbline.kube.probes import Probe, known_names


class NetworkPolicy(HelmComponent):
    """kube-router as firewall only (https://www.kube-router.io), and the probes that show that a closed flow is closed.

    KinD's own enforcement fails open without a word on kernels that lack NFT_QUEUE, so enforcement is not believed but tried:
    the denied probe is ready only while it cannot reach any of the listeners, one on each node, that the allowed probe reaches.
    """

    name: ClassVar[str] = "network-policy"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    brought_images: ClassVar[tuple[str, ...]] = ("kube-router", "toolbox")
    releases: ClassVar[tuple[Release, ...]] = (
        Release("kube-router", "network-policy", "kube-system", "privileged", asks_api_server=True),
        Release("conformance", "conformance", "conformance"),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("DaemonSet", "kube-router", "kube-system"),
        Workload("DaemonSet", "probe-echo", "conformance"),
        Workload("Deployment", "probe-allowed", "conformance"),
        Workload("Deployment", "probe-denied", "conformance"),
    )

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return what each chart must know of this cluster.

        The probes: how many listeners they must find, one on each node, since each enforces for its own pods. The policies:
        whether names may leave, since what no pod may send, CoreDNS must not send for it.
        """
        if release.chart == "conformance":
            return {"probe": {"listeners": len(self.site.nodes)}}
        return {"dns": {"outside": not self.isolated}}

    @property
    def isolated(self) -> bool:
        """Whether nothing in the cluster has business outside of it."""
        return self.site.config.network == "devnet" and self.site.config.helios_network in (None, "devnet")

    def probe(self, role: str) -> Probe:
        """Return the probe pod of a role: ``allowed``, ``denied`` or ``echo``."""
        return Probe(role, self.kube)

    def known_names(self) -> dict[str, str]:
        """Return the names that the cluster's DNS must know, with the address of each."""
        return known_names(self.kube)

    def name_server(self) -> str:
        """Say how CoreDNS is doing."""
        status = self.kube.get("Deployment", "coredns", "kube-system").get("status", {})
        return f"Deployment kube-system/coredns: {status.get('readyReplicas', 0)} of {status.get('replicas', 0)} pods ready"

    def pod_at(self, address: str) -> str:
        """Return the name of the pod that has an address, or the address where none has it."""
        pods = (pod for pod in self.kube.objects("Pod", None) if not pod["spec"].get("hostNetwork"))
        return next((name_of(pod) for pod in pods if pod["status"].get("podIP") == address), address)
