"""The pool that is cut from the engine's network."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plumbline.components.cluster import Cluster
from plumbline.components.load_balancer import LoadBalancer


def load_balancer_of(monkeypatch: pytest.MonkeyPatch, subnet: str, node: str) -> LoadBalancer:
    monkeypatch.setattr(Cluster, "subnet", lambda _: subnet)
    monkeypatch.setattr(Cluster, "address", lambda _: node)
    return LoadBalancer(SimpleNamespace())  # type: ignore[arg-type]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> LoadBalancer:
    return load_balancer_of(monkeypatch, "172.18.0.0/16", "172.18.0.2")


def test_the_pool_is_near_the_end_of_the_network(pool: LoadBalancer) -> None:
    assert pool.pool == "172.18.255.136-172.18.255.156"
    assert pool.spare == "172.18.255.157"


@pytest.mark.parametrize("subnet", ["172.18.0.0/16", "192.168.0.0/24"])
def test_two_clusters_on_one_network_give_no_address_twice(monkeypatch: pytest.MonkeyPatch, subnet: str) -> None:
    pools = []
    for node in (2, 3):
        given = load_balancer_of(monkeypatch, subnet, f"{subnet.rpartition('.')[0]}.{node}")
        pools.append({given.pool.partition("-")[0], given.pool.partition("-")[2], given.spare})

    assert not pools[0] & pools[1]
    assert not given.holds(min(pools[0]))
    assert not given.holds(max(pools[0]))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("172.18.255.136", True),
        ("172.18.255.156", True),
        ("172.18.255.157", False),
        ("172.18.0.3", False),
        ("::1", False),
    ],
)
def test_addresses_of_the_pool_are_known(pool: LoadBalancer, address: str, inside: bool) -> None:
    assert pool.holds(address) is inside
