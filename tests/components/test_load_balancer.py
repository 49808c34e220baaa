"""The pool that is cut from the engine's network, and CRDs without their prose."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plumbline.components import load_balancer
from plumbline.components.cluster import Cluster
from plumbline.components.load_balancer import LoadBalancer


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> LoadBalancer:
    monkeypatch.setattr(Cluster, "subnet", lambda _: "172.18.0.0/16")
    return LoadBalancer(SimpleNamespace())  # type: ignore[arg-type]


def test_the_pool_is_near_the_end_of_the_network(pool: LoadBalancer) -> None:
    assert pool.pool == "172.18.255.200-172.18.255.220"
    assert pool.spare == "172.18.255.221"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("172.18.255.200", True),
        ("172.18.255.220", True),
        ("172.18.255.221", False),
        ("172.18.0.3", False),
        ("::1", False),
    ],
)
def test_addresses_of_the_pool_are_known(pool: LoadBalancer, address: str, inside: bool) -> None:
    assert pool.holds(address) is inside


def test_definitions_lose_their_prose_and_nothing_else() -> None:
    schema = {
        "properties": {"status": {"description": "what it is", "type": "object"}, "description": {"type": "string"}}
    }
    definition = {"spec": {"versions": [{"subresources": {"status": {}}, "schema": schema}]}}

    (version,) = load_balancer._without_prose(definition)["spec"]["versions"]

    assert version["subresources"] == {"status": {}}
    assert version["schema"] == {"properties": {"status": {"type": "object"}, "description": {"type": "string"}}}
