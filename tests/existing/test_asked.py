"""What answers at mapped addresses is asked there, with the mapped host, and what is wrong with it is said."""

import pytest
from existingtest import FORK, GENESIS, Kube, balancer, client, node, prometheus, served, thing, workload

from plumbline.components.existing import proposal
from plumbline.components.existing.mapping import Balancer, Chain, Cluster, Host, Map, Monitoring, Node
from plumbline.components.existing.stack import Existing
from plumbline.core.errors import NotMapped, UsageError
from plumbline.core.patience import settle

CLUSTER = Cluster("v1.36.2", ("chain",))


def nodes(url, *names, peers=1):
    chain = Chain(7, 7, GENESIS, "0xaabbccdd", peers, 24.0, tuple(Node(n, url, f"{n}.example") for n in names))
    return Existing(Kube(), Map(CLUSTER, chain=chain)).execution


def identities(url, *names):
    mapped = nodes(url, *names)
    return list(mapped.identities().other_than(mapped.expected_identity()))


def test_nodes_are_asked_at_their_hosts():
    with served({"a.example": client(), "b.example": client(net_peerCount="0x0")}) as url:
        mapped = nodes(url, "a", "b")
        assert identities(url, "a", "b") == []
        assert list(mapped.peers().where_not(lambda peers: peers >= mapped.mesh)) == ["b"]
        assert mapped.hashes_at(16).agree


@pytest.mark.parametrize(
    "other",
    [
        {"eth_chainId": "0x8"},
        {"net_version": "8"},
        {"eth_getBlockByNumber": {"number": "0x0", "hash": "0x22", "timestamp": "0x0"}},
        {"eth_config": {"current": {**FORK, "forkId": "0x0"}, "next": None, "last": None}},
    ],
)
def test_a_node_of_another_network_is_named(other):
    with served({"a.example": client(), "b.example": client(**other)}) as url:
        assert identities(url, "a", "b") == ["b"]


def test_all_nodes_behind_a_fork_are_named():
    with served({"a.example": client()}) as url:
        mapped = Existing(
            Kube(), Map(CLUSTER, chain=Chain(7, 7, GENESIS, "0x01", 0, 24.0, (Node("a", url, "a.example"),)))
        )
        expected = mapped.execution.expected_identity()
        assert list(mapped.execution.identities().other_than(expected)) == ["a"]
        assert "0x01" in str(expected)


def test_a_node_that_is_not_there_is_silent_in_words():
    with served({"web.example": lambda path, body: (200, "no JSON-RPC")}) as url:
        peers = nodes(url, "web", "gone").peers()
    assert peers.values == []
    assert "web.example" in str(peers.by_node["web"])


def test_hosts_answer_as_mapped_and_others_do_not():
    with served({"a.example": client(), "b.example": lambda path, body: (502, {}), "": client()}) as url:
        hosts = (Host(url, "a.example"), Host(url, "b.example"), Host(url, "a.example", 401))
        assert Existing(Kube(), Map(CLUSTER, host=hosts)).unreachable() == [
            f"host b.example at {url}: answers 502, not 200",
            f"host a.example at {url}: answers 200, not 401",
        ]
    with served({"a.example": client(), "unknown.invalid": client()}) as url:
        mapped = Existing(Kube(), Map(CLUSTER, host=(Host(url, "a.example"),)))
        assert mapped.unreachable() == [f"host unknown.invalid at {url}: answers 200, not 404"]


@pytest.mark.parametrize(
    ("health", "pools", "said"),
    [
        (("up", "up"), ("geth",), "2 targets are up"),
        (("up", "down"), ("geth",), "geth-1 (geth, 10.0.0.1:6060): down"),
        (("up",), ("geth", "nodes"), "pool nodes has no target"),
        ((), ("geth",), "pool geth has no target"),
    ],
)
def test_targets_of_the_mapped_pools_are_up(health, pools, said):
    with served({"p.example": prometheus(*health)}) as url:
        mapped = Existing(Kube(), Map(CLUSTER, monitoring=Monitoring(url, pools, "p.example")))
        seen = settle(mapped.monitoring.scraped(), named="targets", within_s=0.1)
    assert seen.summary.endswith(said)
    assert seen.ok == said.endswith("are up")


def test_what_the_map_leaves_out_is_not_judged():
    empty = Existing(Kube(), Map(CLUSTER))
    with pytest.raises(NotMapped, match=r"\[chain\]"):
        _ = empty.execution
    with pytest.raises(NotMapped, match=r"\[monitoring\]"):
        _ = empty.monitoring
    assert empty.unreachable() == []


def test_what_is_found_is_proposed():
    with served(
        {"a.x": client(), "b.x": client(net_peerCount="0x1"), "p.x": prometheus("up"), "w.x": lambda *_: (401, {})}
    ) as url:
        rules = [{"host": host} for host in ("a.x", "b.x", "p.x", "w.x")]
        address = url.removeprefix("http://")
        status = {"loadBalancer": {"ingress": [{"ip": address}]}}
        found = proposal.propose(
            Kube(
                node(),
                workload(),
                thing("Deployment", "coredns", "kube-system"),
                thing("Ingress", "all", spec={"rules": rules}, status=status),
                thing("Ingress", "pending", spec={"rules": [{"host": "none.x"}]}, status={}),
                thing("Deployment", "edge", "edge"),
                balancer("127.0.0.1"),
            )
        )
    assert found.cluster == Cluster("v1.36.2", ("chain", "edge"))
    assert sorted(load.name for load in found.workload) == ["edge", "geth"]
    assert found.load_balancer == (Balancer("edge", "edge", "127.0.0.1/32"),)
    assert {host.host: host.status for host in found.host} == {"a.x": 200, "b.x": 200, "p.x": 302, "w.x": 401}
    assert found.chain == Chain(
        7, 7, GENESIS, "0xaabbccdd", 1, proposal.OLDEST_HEAD_S, (Node("a", url, "a.x"), Node("b", url, "b.x"))
    )
    assert found.monitoring == Monitoring(url, ("geth",), "p.x")


def test_where_nothing_is_nothing_is_proposed():
    with pytest.raises(UsageError, match="has no workload in chain"):
        proposal.propose(Kube(node()), ["chain"])
