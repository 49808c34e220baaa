"""The cluster while KinD makes it: what is asked of KinD, when its nodes take images, when its API server can be used."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from plumbline import images
from plumbline.components import cluster as module
from plumbline.components.base import Site
from plumbline.components.cluster import OWNER_LABEL, Cluster, KindFailed
from plumbline.core import shell, wait
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError
from plumbline.core.paths import Paths
from plumbline.kube.api import Kube

ROOT = Path(__file__).resolve().parents[2]
NODE = "c-control-plane"


class Machine:
    """The engine, and what is run against it."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.commands: list[list[str]] = []
        self.given: list[str] = []
        self.fails = ""

    def run(self, argv: Any, **options: Any) -> shell.Result:
        words = [str(word) for word in argv]
        self.commands.append(words)
        self.given.append(options.get("input") or "")
        result = shell.Result(tuple(words), int(bool(self.fails)), "", self.fails, 0.0)
        if self.fails and options.get("check", True):
            raise shell.CommandFailed(result)
        return result


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(module.shell, "run", machine.run)
    monkeypatch.setattr(module, "nodes_of", lambda *_: [{"Name": f"/{name}", "Id": name} for name in machine.nodes])
    monkeypatch.setattr(module, "Network", lambda _: SimpleNamespace(exists=lambda: True))
    monkeypatch.setattr(module, "Kernel", lambda _: SimpleNamespace(remember=lambda: None))
    monkeypatch.setattr(images, "node_image", lambda *_: "plumbline.local/node:1")
    monkeypatch.setattr(Cluster, "engine", {})
    monkeypatch.setattr(Cluster, "fingerprint", lambda _: "")
    monkeypatch.setattr(Cluster, "_kind", lambda _: Path("kind"))
    return machine


@pytest.fixture
def cluster(machine: Machine, tmp_path: Path) -> Cluster:
    del machine
    return Cluster(Site(Config(cluster_name="c", reach="direct"), Paths(ROOT, tmp_path, tmp_path)))


def seen(condition: wait.Condition[Any]) -> wait.Observation[Any]:
    """What is seen first."""
    return next(iter(condition.observe(wait.Deadline(5))))


def test_what_kind_is_asked_for_bears_the_mark_of_its_owner(cluster: Cluster, machine: Machine) -> None:
    stale = cluster.site.paths.kubeconfig
    stale.write_text("of a cluster that is gone")
    cluster.stage()
    assert not stale.exists()

    cluster.deploy()

    (argv,), (document,) = machine.commands, map(yaml.safe_load, machine.given)
    assert argv[1:3] == ["create", "cluster"]
    assert argv[argv.index("--image") + 1] == "plumbline.local/node:1"
    (node,) = document["nodes"]
    assert node["labels"][OWNER_LABEL] in node["extraMounts"][-1]["containerPath"]


def test_a_cluster_that_stands_is_taken(cluster: Cluster, machine: Machine) -> None:
    cluster.stage()
    machine.nodes = [NODE]
    cluster.deploy()
    machine.commands.clear()

    Cluster(cluster.site).deploy()

    assert machine.commands == []


def test_kind_says_itself_why_it_failed(cluster: Cluster, machine: Machine) -> None:
    cluster.stage()
    machine.fails = "ERROR: failed to create cluster: no space left on device"

    with pytest.raises(KindFailed, match="no space left on device"):
        cluster.deploy()


def test_nodes_run_once_each_is_there_and_its_containerd_answers(cluster: Cluster, machine: Machine) -> None:
    assert seen(cluster.running()).summary == f"containerd does not answer on {NODE}"
    assert machine.commands == [], "nothing is asked of a node that is not there"
    machine.nodes, machine.fails = [NODE], "connection refused"
    assert not seen(cluster.running()).ok
    machine.fails = ""
    assert seen(cluster.running()).ok


def test_the_api_server_answers_once_the_node_holds_its_kubeconfig_it_is_ready_and_knows_its_node(
    cluster: Cluster, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = [PlumblineError("GET /readyz: 500: etcd failed"), "ok", "ok"]
    nodes: list[list[str]] = [[], [NODE]]

    def request(*_: Any, **__: Any) -> Any:
        said = told.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(Kube, "request", request)
    monkeypatch.setattr(Kube, "objects", lambda *_: [{"metadata": {"name": name}} for name in nodes.pop(0)])
    machine.fails = "no admin.conf yet"
    assert "no admin.conf yet" in seen(cluster.answering()).summary

    machine.fails = ""
    assert "etcd failed" in seen(cluster.answering()).summary
    assert seen(cluster.answering()).summary == "nodes registered: none"
    assert seen(cluster.answering()).ok
