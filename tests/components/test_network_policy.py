"""What the firewall's releases are given at run time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.network_policy import NetworkPolicy
from plumbline.core.config import Config
from plumbline.kube.api import Kube

AT = ["172.18.0.2/32"]


def values(release: str, **options: Any) -> Any:
    nodes = ["control-plane", "worker", "worker2"]
    site = SimpleNamespace(config=Config(**options), kube=SimpleNamespace(api_server_cidrs=lambda: AT), nodes=nodes)
    component = NetworkPolicy(site)  # type: ignore[arg-type]
    return component.given(next(each for each in component.releases if each.name == release))


@pytest.mark.parametrize(
    ("options", "outside"),
    [
        ({}, False),
        ({"network": "sepolia"}, True),
        ({"helios_network": "sepolia"}, True),
        ({"helios_network": "devnet"}, False),
    ],
)
def test_names_leave_the_cluster_only_where_a_public_network_is_followed(
    options: dict[str, str], outside: bool
) -> None:
    assert values("kube-router", **options) == {"networkPolicy": {"apiServerCidrs": AT}, "dns": {"outside": outside}}


def test_the_probes_must_find_a_listener_on_each_node() -> None:
    assert values("conformance") == {"probe": {"listeners": 3}}


def test_the_api_server_is_found_behind_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    slices = [{"endpoints": [{"addresses": ["172.18.0.3"]}, {"addresses": ["fd00::2"]}]}, {"endpoints": []}]
    monkeypatch.setattr(Kube, "objects", lambda *_, **__: slices)

    assert Kube.api_server_cidrs(object.__new__(Kube)) == ["172.18.0.3/32", "fd00::2/128"]
