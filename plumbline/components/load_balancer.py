"""Addresses for Services of type LoadBalancer: MetalLB in layer-2 mode, on the engine's own network."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.cluster import Cluster
from plumbline.core.shell import CommandFailed
from plumbline.kube import definitions
from plumbline.kube.api import Object

_NAMESPACE = "metallb-system"
_MODULE = "go.universe.tf/metallb"
_MANIFEST = "config/manifests/metallb-native.yaml"  # its CRDs name their conversion webhook; config/crd/bases do not
_POOL_SIZE = 21
_APART = 32  # addresses from one cluster's pool to the next one's
_KEPT_FREE = 35  # at the end of the network


class LoadBalancer(HelmComponent):
    """MetalLB (https://metallb.io), its pool cut from the subnet of the engine's network."""

    name: ClassVar[str] = "load-balancer"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    brought_images: ClassVar[tuple[str, ...]] = ("metallb-controller", "metallb-speaker")
    releases: ClassVar[tuple[Release, ...]] = (
        Release("metallb", "metallb", _NAMESPACE, "privileged", asks_api_server=True),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("Deployment", "controller", _NAMESPACE),
        Workload("DaemonSet", "speaker", _NAMESPACE),
    )

    @cached_property
    def pool(self) -> str:
        """The range of addresses, in the upper half of the network's IPv4 subnet: "first-last".

        Clusters share that network: the place of a pool follows from its node's address, so that no two give the same.
        """
        cluster = Cluster(self.site)
        network = ipaddress.ip_network(cluster.subnet())
        places = max(1, (network.num_addresses // 2 - _KEPT_FREE) // _APART)
        place = (int(ipaddress.ip_address(cluster.address())) - int(network.network_address)) % places
        last = network.broadcast_address - _KEPT_FREE - place * _APART
        return f"{last - _POOL_SIZE + 1}-{last}"

    @property
    def spare(self) -> str:
        """An address beside the pool, free like those in it."""
        return str(ipaddress.ip_address(self.pool.partition("-")[2]) + 1)

    @contextmanager
    def losing(self, node: str, signal: str) -> Iterator[None]:
        """Have a node's speaker lost while the block runs.

        Args:
            node: the node.
            signal: SIGKILL, and the kubelet starts it again; SIGSTOP, and it stands still until the end.
        """
        pods = self.kube.objects("Pod", _NAMESPACE, selector="app.kubernetes.io/component=speaker")
        pod = next(str(pod["metadata"]["name"]) for pod in pods if pod["spec"]["nodeName"] == node)
        cluster = Cluster(self.site)
        cluster.signal(_NAMESPACE, pod, "speaker", signal)
        try:
            yield
        finally:
            with suppress(CommandFailed):  # it is not back yet
                cluster.signal(_NAMESPACE, pod, "speaker", "SIGCONT")

    def holds(self, address: str) -> bool:
        """Return whether an address is one of the pool."""
        first, last = map(ipaddress.ip_address, self.pool.split("-"))
        found = ipaddress.ip_address(address)
        return found.version == first.version and int(first) <= int(found) <= int(last)

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the pool."""
        return {"pool": {"addresses": [self.pool]}}

    def prepare(self) -> None:
        """Apply the CRDs of the pinned module, and the key that controller and speaker share (the speaker waits for it)."""
        self.kube.apply(definitions.of_module(self.site.paths, _MODULE, _MANIFEST))
        if self.kube.find("Secret", "metallb-memberlist", _NAMESPACE) is None:
            self.kube.apply([_secret("metallb-memberlist", {"secretkey": secrets.token_urlsafe(96)})])


def _secret(name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": _NAMESPACE},
        "stringData": data,
    }
