"""The same stack on a public network: needs the Internet, so it runs only where it is asked for (``-m public``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.claims import claim
from plumbline.components.public_execution import CHAIN_IDS
from plumbline.core import wait

if TYPE_CHECKING:
    from plumbline.components.execution import Geth
    from plumbline.core.config import Config


@pytest.mark.public
@pytest.mark.control("EXE-001", "EXE-003")
def test_a_node_on_a_public_network_is_on_it_and_sees_its_head(public_node: Geth, config: Config) -> None:
    """Preconditions: a node on a public network, with a Beacon API and a checkpoint that can be reached.
    Steps: read its chain id; wait until its light client has told it a head.
    Expected: the network's chain id, and a head to synchronise to.
    """
    assert int(public_node.rpc("eth_chainId"), 16) == CHAIN_IDS[config.network], (
        f"{public_node.name} is on another chain"
    )

    with claim(f"{public_node.name} has a head to synchronise to"):
        told = wait.holds(lambda: public_node.rpc("eth_syncing") or public_node.head, every_s=1)
        wait.until(told, named=f"{public_node.name} knows a head", within_s=300, look="plumbline logs execution")
