"""FRK: everybody agrees on which fork comes when, and who cannot follow is named before the fork does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.chain import forks
from plumbline.components.devnet import GENESIS
from reports.evidence import attach

if TYPE_CHECKING:
    from plumbline.components.consensus import Consensus
    from plumbline.components.devnet import Devnet
    from plumbline.components.execution import Execution
    from plumbline.components.light_client import LightClient


@pytest.mark.control("FRK-001")
def test_clients_agree_with_the_networks_schedule(execution: Execution, consensus: Consensus, devnet: Devnet) -> None:
    """Preconditions: a network with a fork schedule.
    Steps: read it from the beacon node, from what Geth's light client is given, and from each node's eth_config.
    Expected: consensus and execution forks are the network's on each of them, and the blob limits of both layers agree.
    """
    planned = forks.of_network()
    expected = execution.expected_identity().schedule

    made, given = consensus.forks, devnet.forks_given()
    others = execution.schedules().other_than(expected)

    assert made == planned, f"beacon-0 has another schedule:\n{made}\nexpected: {planned}"
    assert given == planned, f"{GENESIS} gives light clients another schedule:\n{given}\nexpected: {planned}"
    assert not others, others.told(expected)
    blobs = expected.current.blob_max
    assert consensus.max_blobs == blobs, f"beacon-0 allows {consensus.max_blobs} blobs in a block, Geth {blobs}"


@pytest.mark.control("FRK-001")
def test_every_client_runs_its_pinned_version_and_can_follow(
    execution: Execution, consensus: Consensus, light_client: LightClient
) -> None:
    """Preconditions: clients whose images are pinned.
    Steps: ask each for its version; look up the last fork that this release knows.
    Expected: each runs the version of its image and knows every fork of this network; of public Sepolia's, which has passed
    Gloas, exactly those that do not know it are named.
    """
    drifted = execution.version_drift()
    assert not drifted, drifted.told("the version that the image's tag names")
    light_clients = {client.name: client.version for client in light_client.clients}
    clients = {**dict(execution.versions().items()), "beacon-0": consensus.version, **light_clients}
    attach("clients", clients)

    behind = forks.cannot_follow(forks.of_network(), clients)
    assert not behind, "\n".join(map(str, behind))
    on_sepolia = forks.cannot_follow(forks.SEPOLIA, clients)
    assert [short.client for short in on_sepolia] == ["beacon-0", *light_clients], on_sepolia
