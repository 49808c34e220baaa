"""The way to the ingress: chosen by where the engine's network is, and what KinD and the chart are told where ports are mapped."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.components.entrance import reach
from plumbline.components.entrance.reach import Door
from plumbline.components.ingress import Ingress
from plumbline.core.config import Config
from plumbline.core.paths import Paths

ROOT = Path(__file__).parents[3]
CONTROLLER = "ethereum-cluster-worker"


def site(tmp_path: Path, way: str = "mapped") -> Site:
    return Site(Config(reach=way), Paths(ROOT, tmp_path, tmp_path))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("configured", "gateway", "way"),
    [
        ("auto", "127.0.0.1", "direct"),
        ("auto", "192.0.2.1", "mapped"),  # TEST-NET-1, RFC 5737: nobody's
        ("auto", "", "direct"),
        ("mapped", "127.0.0.1", "mapped"),
        ("direct", "192.0.2.1", "direct"),
    ],
)
def test_the_way_follows_the_engines_network(
    monkeypatch: pytest.MonkeyPatch, configured: Any, gateway: str, way: str
) -> None:
    monkeypatch.setattr(reach, "engines_gateway", lambda: gateway)

    assert reach.chosen(Config(reach=configured)) == way


def test_free_ports_of_the_loopback_are_mapped_to_each_node(tmp_path: Path) -> None:
    cluster = Cluster(site(tmp_path))

    asked = cluster._wanted["nodes"][0]["extraPortMappings"]

    assert [(one["containerPort"], one["hostPort"], one["listenAddress"]) for one in asked] == [
        (30080, 0, "127.0.0.1"),
        (30443, 0, "127.0.0.1"),
    ]
    assert cluster.host_ports() == set(), "a free port is free"
    assert "extraPortMappings" not in Cluster(site(tmp_path, "direct"))._wanted["nodes"][0]


def test_the_door_is_the_node_of_the_controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}, "spec": {"nodeName": CONTROLLER}}
    starting = {"status": {}, "spec": {"nodeName": "ethereum-cluster-worker2"}}
    ports = {"30080/tcp": [{"HostPort": "40080"}], "30443/tcp": [{"HostPort": "40443"}]}
    container = {"Name": f"/{CONTROLLER}", "NetworkSettings": {"Ports": ports}}
    monkeypatch.setattr(Cluster, "_containers", lambda _: [container])
    here = site(tmp_path)
    monkeypatch.setattr(here, "kube", SimpleNamespace(objects=lambda *_, **__: [starting, ready]), raising=False)

    assert Ingress(here).door == Door("127.0.0.1", 40080, 40443)
    assert Ingress(here).door.url(secured=True) == "https://127.0.0.1:40443"

    monkeypatch.setattr(here, "kube", SimpleNamespace(objects=lambda *_, **__: [starting]), raising=False)
    with pytest.raises(LookupError, match="no pod of ingress-nginx/nginx-ingress is ready yet"):
        _ = Ingress(here).door
