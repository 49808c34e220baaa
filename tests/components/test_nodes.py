"""Several nodes: which there are, what each is told of the pods' network, and how one that is asked of all is answered."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components import pod_network
from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.components.consensus import Consensus
from plumbline.components.node import host, kind_config
from plumbline.components.pod_network import Home
from plumbline.core import shell
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError, EngineUnavailable
from plumbline.core.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
CONFLIST = ROOT / "local" / "images" / "node" / "files" / "etc" / "cni" / "net.d" / "10-ptp.conflist"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(Config(cluster_name="c", nodes="multi"), Paths(ROOT, tmp_path / "state", tmp_path / "cache"))


def home(number: int) -> Home:
    return Home(f"n{number}", f"172.18.0.{number + 2}", IPv4Network(f"10.244.{number}.0/24"))


# -- which there are ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "names"),
    [("single", ["c-control-plane"]), ("multi", ["c-control-plane", "c-worker", "c-worker2"])],
)
def test_nodes_are_known_by_the_names_that_kind_gives(nodes: Any, names: list[str], site: Site) -> None:
    config = Config(cluster_name="c", nodes=nodes)

    assert list(Site(config, site.paths).nodes) == names


def test_several_nodes_differ_from_one_in_nothing_else(site: Site) -> None:
    single, multi = (kind_config.read(site.paths.local, Config(nodes=nodes)) for nodes in ("single", "multi"))

    assert {**single, "nodes": None} == {**multi, "nodes": None}
    assert Cluster(site).ranges == (IPv4Network("10.244.0.0/16"), IPv4Network("10.96.0.0/16"))


@pytest.mark.parametrize("text", ["nodes: []", "- nodes", "nodes: ["])
def test_a_configuration_without_nodes_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "kind-config.yaml").write_text(text)

    with pytest.raises(ConfigError, match=r"local/kind-config\.yaml"):
        kind_config.read(tmp_path, Config())


# -- the pods' network ----------------------------------------------------------------------------------------------------


def test_the_image_has_the_first_nodes_range() -> None:
    brought = json.loads(CONFLIST.read_text())

    assert pod_network.with_range(brought, IPv4Network("10.244.0.0/24")) == brought


def test_each_node_gives_out_its_own_range_and_masquerades_no_pods(site: Site) -> None:
    told = pod_network.with_range(json.loads(CONFLIST.read_text()), IPv4Network("10.244.2.0/24"))

    assert told["plugins"][0]["ipam"]["ranges"] == [
        [
            {
                "subnet": str(Cluster(site).ranges[0]),
                "rangeStart": "10.244.2.2",
                "rangeEnd": "10.244.2.254",
                "gateway": "10.244.2.1",
            }
        ]
    ]


def test_each_node_knows_the_way_to_the_others() -> None:
    homes = [home(0), home(1), home(2)]

    assert pod_network.routes(homes, "n1") == {"10.244.0.0/24": "172.18.0.2", "10.244.2.0/24": "172.18.0.4"}


def test_a_nodes_place_is_read_from_what_the_api_server_tells() -> None:
    addresses = [
        {"type": "Hostname", "address": "n1"},
        {"type": "InternalIP", "address": "fc00::3"},
        {"type": "InternalIP", "address": "172.18.0.3"},
    ]
    node = {"metadata": {"name": "n1"}, "spec": {"podCIDR": "10.244.1.0/24"}, "status": {"addresses": addresses}}

    assert pod_network.home_of(node) == home(1)


# -- what the engine and the nodes are asked ------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What docker is asked, which answers with that."""
    words: list[str] = []

    def run(argv: list[str], **_: object) -> shell.Result:
        words.append(" ".join(argv))
        return shell.Result(tuple(argv), 0, "", "", 0.0)

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(Cluster, "engine", {})
    return words


def test_every_node_is_asked(site: Site, asked: list[str]) -> None:
    cluster = Cluster(site)

    answers = cluster.each_node(lambda node: cluster.node_exec("uptime", node=node).argv[-2:])

    assert answers == {node: (node, "uptime") for node in site.nodes}
    assert len(asked) == 3


def test_workers_are_asked_for_the_health_of_what_runs_there(site: Site, asked: list[str]) -> None:
    health = Cluster(site).health("kubelet")
    etcd = Cluster(site).health("etcd")

    assert sorted(health) == ["kubelet on c-control-plane", "kubelet on c-worker", "kubelet on c-worker2"]
    assert list(etcd) == ["etcd on c-control-plane"]


def test_a_signal_goes_to_the_node_of_the_pod(site: Site, asked: list[str]) -> None:
    statuses = [{"name": "geth", "containerID": "containerd://abc"}]
    pod = {"spec": {"nodeName": "c-worker2"}, "status": {"containerStatuses": statuses}}
    site.__dict__["kube"] = SimpleNamespace(get=lambda *_: pod)

    Cluster(site).kill("ethereum", "geth-0", "geth")

    assert asked == ["docker exec --interactive c-worker2 ctr --namespace k8s.io task kill -s SIGKILL abc"]


def test_the_api_server_is_let_in_to_what_is_asked_through_it(site: Site) -> None:
    nodes = {"c-control-plane": {"status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.2"}]}}}
    site.__dict__["kube"] = SimpleNamespace(get=lambda _, name: nodes[name])

    policy = Consensus(site)._api_server_may_ask()

    assert policy["metadata"]["namespace"] == "ethereum"
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app.kubernetes.io/component": "consensus"}}
    assert policy["spec"]["ingress"] == [
        {"from": [{"ipBlock": {"cidr": "172.18.0.2/32"}}], "ports": [{"port": 3500, "protocol": "TCP"}]}
    ]


def test_an_engine_that_does_not_answer_is_no_cluster_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "run", lambda argv, **_: shell.Result(tuple(argv), 1, "", "Cannot connect", 0.0))

    with pytest.raises(EngineUnavailable):
        host.nodes_of("c", {})
