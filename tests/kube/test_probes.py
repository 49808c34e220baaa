"""What connection tracking tells of questions for names, and which of them leave the cluster."""

from __future__ import annotations

from ipaddress import IPv4Network
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.cluster import Cluster
from plumbline.kube.probes import Question, known_names, read_questions

LISTED = """\
udp      17 29 src=10.244.0.3 dst=10.96.0.10 sport=41000 dport=53 src=10.244.0.2 dst=10.244.0.3 sport=53 dport=41000 mark=0 use=1
udp      17 29 src=10.244.0.2 dst=172.18.0.1 sport=50324 dport=53 [UNREPLIED] src=127.0.0.11 dst=10.244.0.2 sport=4 dport=50324 use=1
tcp      6 29 SYN_SENT src=172.18.0.3 dst=192.0.2.54 sport=39000 dport=53 [UNREPLIED] src=192.0.2.54 dst=172.18.0.3 sport=53 dport=39000
tcp      6 56 TIME_WAIT src=10.244.0.1 dst=10.244.0.2 sport=53946 dport=8181 src=10.244.0.2 dst=10.244.0.1 sport=8181 dport=53946
"""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(Cluster, "ranges", (IPv4Network("10.244.0.0/16"), IPv4Network("10.96.0.0/16")))
    return Cluster(SimpleNamespace())  # type: ignore[arg-type]


def test_questions_are_flows_to_port_53() -> None:
    assert read_questions(LISTED) == {
        Question("10.244.0.3", 41000, "10.96.0.10"),
        Question("10.244.0.2", 50324, "172.18.0.1"),
        Question("172.18.0.3", 39000, "192.0.2.54"),
    }


def test_only_what_a_pod_asks_outside_leaves(cluster: Cluster) -> None:
    leaving = [question for question in read_questions(LISTED) if cluster.leaves(question)]

    assert leaving == [Question("10.244.0.2", 50324, "172.18.0.1")]


def test_names_are_those_of_services_and_of_ready_pods_with_a_name() -> None:
    def service(name: str, namespace: str, address: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address}}

    def pod(name: str, ready: bool) -> dict[str, Any]:
        conditions = [{"type": "Ready", "status": str(ready)}]
        spec = {"hostname": name, "subdomain": "geth-peers"}
        return {
            "metadata": {"namespace": "ethereum"},
            "spec": spec,
            "status": {"podIP": "10.244.0.9", "conditions": conditions},
        }

    objects = {
        "Service": [
            service("geth", "ethereum", "10.96.0.7"),
            service("geth-peers", "ethereum", "None"),
            service("probe-echo", "conformance", "10.96.0.8"),
        ],
        "Pod": [pod("geth-0", True), pod("geth-1", False)],
    }

    assert known_names(SimpleNamespace(objects=lambda kind, _: objects[kind])) == {  # type: ignore[arg-type]
        "geth.ethereum.svc.cluster.local": "10.96.0.7",
        "probe-echo.conformance.svc.cluster.local": "10.96.0.8",
        "probe-echo": "10.96.0.8",
        "geth-0.geth-peers.ethereum.svc.cluster.local": "10.244.0.9",
    }
