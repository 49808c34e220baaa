"""Who is there: which pods send, and which ports could be reached."""

from __future__ import annotations

from typing import Any

from isolationtest import NODE_ADDRESS, NODE_NAME, NODES, pod

from plumbline.components.isolation import census
from plumbline.components.isolation.census import Backend
from plumbline.components.isolation.flows import NODE, OUTSIDE, Port

Objects = list[dict[str, Any]]


def test_a_pod_is_known_by_what_it_belongs_to(pods: Objects) -> None:
    assert [census.workload(each) for each in pods] == [
        "ethereum/geth",
        "ingress-nginx/nginx-ingress",
        "kube-system/coredns",
        "kube-system/etcd",
    ]


def test_the_pods_of_a_schedule_are_known_before_they_are_there() -> None:
    spec = {"containers": [], "serviceAccountName": "geth-snapshot"}
    cron_job = {
        "metadata": {"namespace": "ethereum", "name": "geth-snapshot"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}},
    }

    (to_come,) = census.scheduled([cron_job])

    assert census.standing([to_come]) == [to_come]
    assert census.workload(to_come) == "ethereum/geth-snapshot"
    owner = {"kind": "Job", "name": "geth-snapshot-29401234"}
    there = {"metadata": {"namespace": "ethereum", "name": "geth-snapshot-29401234-x7k2p", "ownerReferences": [owner]}}
    assert census.workload(there) == census.workload(to_come)


def test_pods_on_the_nodes_network_send_as_the_node(pods: Objects) -> None:
    found = census.sources(pods, NODES)

    assert [(source.name, source.container) for source in found] == [
        (NODE_NAME, ""),
        ("ethereum/geth-0", "geth-0-id"),
        ("ingress-nginx/nginx-ingress-7c9d-x", "nginx-ingress-7c9d-x-id"),
        ("kube-system/coredns-7c9d-y", "coredns-7c9d-y-id"),
    ]


def test_pods_that_have_ended_or_are_about_to_are_left_out(pods: Objects) -> None:
    pods[0]["status"]["phase"] = "Succeeded"
    pods[1]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert [source.name for source in census.sources(pods, NODES)] == [NODE_NAME, "kube-system/coredns-7c9d-y"]


def test_every_port_is_a_target_however_it_is_known(pods: Objects, services: Objects, slices: Objects) -> None:
    listening = {"ethereum/geth-0": [6060], "ingress-nginx/nginx-ingress-7c9d-x": [8000], NODE_NAME: [6443]}

    found = census.targets(pods, services, slices, listening, NODES, [("172.18.0.9", 443)])

    rpc, web = [("ethereum/geth", Port(8545))], [("ingress-nginx/nginx-ingress", Port(8000))]
    assert {str(target): (target.address, [(b.place, b.port) for b in target.backends]) for target in found} == {
        "ethereum/geth-0 port 6060/TCP": ("10.244.0.3", [("ethereum/geth", Port(6060))]),
        "ethereum/geth-0 port 8545/TCP": ("10.244.0.3", rpc),
        "ingress-nginx/nginx-ingress-7c9d-x port 8000/TCP": ("10.244.0.4", web),
        "kube-system/coredns-7c9d-y port 53/UDP": ("10.244.0.5", [("kube-system/coredns", Port(53, "UDP"))]),
        "Service ethereum/geth at 10.96.0.7 port 8545/TCP": ("10.96.0.7", rpc),
        "Service ingress-nginx/nginx-ingress at 10.96.0.8 port 80/TCP": ("10.96.0.8", web),
        "Service ingress-nginx/nginx-ingress at 172.18.255.200 port 80/TCP": ("172.18.255.200", web),
        f"Service ingress-nginx/nginx-ingress at {NODE_ADDRESS} port 31234/TCP": (NODE_ADDRESS, web),
        f"{NODE_NAME} port 6443/TCP": (NODE_ADDRESS, [(NODE, Port(6443))]),
        "outside port 443/TCP": ("172.18.0.9", [(OUTSIDE, Port(443))]),
    }


def test_the_api_servers_service_leads_to_the_node(pods: Objects, services: Objects, slices: Objects) -> None:
    services.append(
        {
            "metadata": {"name": "kubernetes", "namespace": "default"},
            "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443}]},
        }
    )
    slices.append(
        {
            "metadata": {"namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "ports": [{"name": "https", "port": 6443}],
            "endpoints": [{"addresses": [NODE_ADDRESS]}],
        }
    )

    found = census.targets(pods, services, slices, {}, NODES, [])

    assert next(t for t in found if "kubernetes" in t.name).backends == (
        Backend(NODE, Port(6443), NODE_ADDRESS, NODE_NAME),
    )


def test_a_pod_that_does_not_run_yet_is_no_source() -> None:
    waiting = pod("late-0", "ethereum", "", ("StatefulSet", "late"))
    waiting["status"] = {"phase": "Pending"}

    assert [source.name for source in census.sources([waiting], NODES)] == [NODE_NAME]


def test_a_udp_port_that_nobody_answers_at_is_not_tried() -> None:
    gossip = {"containerPort": 7946, "protocol": "UDP"}
    speaker = pod("speaker-0", "metallb-system", "10.244.0.9", ("DaemonSet", "speaker"), gossip)

    assert census.targets([speaker], [], [], {}, NODES, []) == ()


def test_a_node_port_is_where_a_pod_of_its_service_is(pods: Objects, services: Objects, slices: Objects) -> None:
    nodes = {**NODES, "node-2": "172.18.0.3"}

    found = census.targets(pods, services, slices, {"node-2": [10250]}, nodes, [])

    assert [target.address for target in found if target.port == Port(31234)] == [NODE_ADDRESS]
    assert next(t for t in found if t.name == "node-2").backends == (
        Backend(NODE, Port(10250), "172.18.0.3", "node-2"),
    )
