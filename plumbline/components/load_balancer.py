"""Addresses for Services of type LoadBalancer: MetalLB in layer-2 mode, on the engine's own network."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import yaml

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.cluster import Cluster
from plumbline.components.kube import Object

_NAMESPACE = "metallb-system"
_MODULE = "go.universe.tf/metallb"
_CRDS = "config/crd/bases"
_POOL_SIZE = 21


class LoadBalancer(HelmComponent):
    """MetalLB (https://metallb.io), its pool cut from the subnet of the engine's network."""

    name: ClassVar[str] = "load-balancer"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)
    releases: ClassVar[tuple[Release, ...]] = (Release("metallb", "metallb", _NAMESPACE, "privileged"),)
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("Deployment", "controller", _NAMESPACE),
        Workload("DaemonSet", "speaker", _NAMESPACE),
    )

    @cached_property
    def pool(self) -> str:
        """The range of addresses, near the upper end of the network's IPv4 subnet: "first-last"."""
        network = ipaddress.ip_network(Cluster(self.site).subnet())
        last = network.broadcast_address - 35
        return f"{last - _POOL_SIZE + 1}-{last}"

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the pool."""
        del release
        return {"pool": {"addresses": [self.pool]}}

    def prepare(self) -> None:
        """Apply the CRDs of the pinned module, and the key that controller and speaker share (the speaker waits for it)."""
        from plumbline.images import upstream  # noqa: PLC0415

        for file in upstream.module_files(self.site.paths, _MODULE, _CRDS, "*.yaml"):
            self.kube.apply(_without_prose(document) for document in yaml.safe_load_all(file.read_text()) if document)
        if self.kube.find("Secret", "metallb-memberlist", _NAMESPACE) is None:
            self.kube.apply([_secret("metallb-memberlist", {"secretkey": secrets.token_urlsafe(96)})])


def _without_prose(value: Any) -> Any:
    """Drop descriptions: two thirds of a CRD's bytes, all of which the API server would have to digest."""
    if isinstance(value, dict):
        return {k: _without_prose(v) for k, v in value.items() if not (k == "description" and isinstance(v, str)) and k != "status"}
    return [_without_prose(item) for item in value] if isinstance(value, list) else value


def _secret(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": _NAMESPACE}, "stringData": data}
