"""The table of flows: what a row means, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.components.isolation.flows import FILE, NODE, OUTSIDE, Flows, Port, Row
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths

ROW = '[[flow]]\nto = "a/b"\nport = 8545\nfrom = ["c/d"]\nreason = "because"\n'
PORTS = st.integers(1, 65535)


def table(local: Path, text: str) -> Flows:
    (local / FILE).parent.mkdir(exist_ok=True)
    (local / FILE).write_text(text)
    return Flows.read(local, online=False)


def test_a_row_opens_one_port_to_those_that_it_names(tmp_path: Path) -> None:
    flows = table(tmp_path, ROW)

    assert flows.allows("c/d", "a/b", Port(8545))
    assert not flows.allows("c/d", "a/b", Port(8546))
    assert not flows.allows("c/d", "a/b", Port(8545, "UDP"))
    assert not flows.allows("a/b", "c/d", Port(8545))
    assert not flows.allows("x/y", "a/b", Port(8545))


def test_the_node_may_reach_everything(tmp_path: Path) -> None:
    assert table(tmp_path, ROW).allows(NODE, "a/b", Port(1))


def test_a_group_means_its_members_on_either_side(tmp_path: Path) -> None:
    flows = table(
        tmp_path,
        '[groups]\nmesh = ["a/b", "a/c"]\n[[flow]]\nto = "mesh"\nport = 1\nfrom = ["mesh"]\nreason = "mesh"\n',
    )

    assert all(flows.allows(source, to, Port(1)) for source in ("a/b", "a/c") for to in ("a/b", "a/c"))
    assert flows.places == {"a/b", "a/c"}


def test_a_port_is_listed_though_nobody_may(tmp_path: Path) -> None:
    flows = table(tmp_path, ROW.replace('["c/d"]', "[]"))

    assert flows.lists("a/b", Port(8545))
    assert not flows.lists("a/b", Port(8546))


@given(bounds=st.tuples(PORTS, PORTS).map(sorted), asked=PORTS)
def test_a_range_covers_what_is_within_it(bounds: list[int], asked: int) -> None:
    flows = Flows((Row("a/b", bounds[0], bounds[1], "TCP", frozenset(["c/d"]), "because"),))

    assert flows.allows("c/d", "a/b", Port(asked)) == (bounds[0] <= asked <= bounds[1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ROW.replace('reason = "because"', ""), "lacks reason"),
        (ROW.replace('"because"', '" "'), "gives no reason"),
        (ROW.replace("8545", "0"), "is not a port"),
        (ROW.replace("8545", '"9-8"'), "is not a port"),
        (ROW.replace("8545", '"http"'), "is not a port"),
        (ROW.replace('"c/d"', '"d"'), 'names "d"'),
        (ROW + 'protocol = "SCTP"\n', "has the protocol SCTP"),
        (ROW + "ports = [1]\n", "unknown key ports"),
        ("[[flow]]\n", "to (nowhere), port (none) lacks"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(ConfigError, match="local/isolation/flows") as refused:
        table(tmp_path, wrong)

    assert said in str(refused.value)


def test_the_table_of_this_checkout_is_readable() -> None:
    flows = Flows.read(Paths.of().local, online=False)

    assert flows.allows("ingress-nginx/nginx-ingress", "ethereum/geth-follower", Port(8545))
    assert not flows.allows("ingress-nginx/nginx-ingress", "ethereum/geth", Port(8551))
    assert not any(row.to == OUTSIDE for row in flows.rows), "nothing of a devnet leaves the cluster"


def test_some_flows_are_for_networks_that_are_not_ours() -> None:
    flows = Flows.read(Paths.of().local, online=True)

    assert flows.allows("kube-system/coredns", OUTSIDE, Port(53))
    assert not flows.allows("ethereum/geth", OUTSIDE, Port(53))
