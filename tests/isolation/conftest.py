"""A small cluster: Geth and an ingress with their Services, CoreDNS, and a pod of the node's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # isolationtest.py

from isolationtest import NODE_ADDRESS, pod


@pytest.fixture
def pods() -> list[dict[str, Any]]:
    dns = {"containerPort": 53, "protocol": "UDP"}
    etcd = pod("etcd-node-1", "kube-system", NODE_ADDRESS, ("Node", "node-1"), hostNetwork=True)
    return [
        pod("geth-0", "ethereum", "10.244.0.3", ("StatefulSet", "geth"), {"containerPort": 8545}),
        pod("nginx-ingress-7c9d-x", "ingress-nginx", "10.244.0.4", ("ReplicaSet", "nginx-ingress-7c9d")),
        pod("coredns-7c9d-y", "kube-system", "10.244.0.5", ("ReplicaSet", "coredns-7c9d"), dns),
        etcd,
    ]


@pytest.fixture
def services() -> list[dict[str, Any]]:
    """Geth's Service, its headless one, and the ingress', which has an address of MetalLB and a node port."""

    def service(name: str, namespace: str, spec: dict[str, Any], **status: Any) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": namespace}, "spec": spec, "status": status}

    rpc = {"name": "rpc", "port": 8545}
    web = {"name": "http", "port": 80, "nodePort": 31234}
    given = {"ingress": [{"ip": "172.18.255.200"}]}
    return [
        service("geth", "ethereum", {"clusterIP": "10.96.0.7", "ports": [rpc]}),
        service("geth-peers", "ethereum", {"clusterIP": "None", "ports": [rpc]}),
        service("nginx-ingress", "ingress-nginx", {"clusterIP": "10.96.0.8", "ports": [web]}, loadBalancer=given),
    ]


@pytest.fixture
def slices() -> list[dict[str, Any]]:
    def behind(service: str, namespace: str, address: str, port: dict[str, Any]) -> dict[str, Any]:
        labels = {"kubernetes.io/service-name": service}
        return {
            "metadata": {"namespace": namespace, "labels": labels},
            "ports": [port],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        }

    return [
        behind("geth", "ethereum", "10.244.0.3", {"name": "rpc", "port": 8545}),
        behind("nginx-ingress", "ingress-nginx", "10.244.0.4", {"name": "http", "port": 8000}),
    ]
