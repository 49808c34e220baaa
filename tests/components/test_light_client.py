"""The light client: on which network, with what from the user, and how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.components.base import Site
from plumbline.components.light_client import LightClient
from plumbline.components.public_light_client import PublicLightClient
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.kube.usage import Usage
from plumbline.stack import Stack, components_of

API, RPC, ROOT = "https://beacon.example", "https://rpc.example", "0x" + "ab" * 32
GIVEN = {"helios_beacon_api": API, "helios_checkpoint": ROOT, "helios_execution_rpc": RPC}


def client(**options: str) -> PublicLightClient:
    config = Config(**{"helios_network": "mainnet", **options})  # type: ignore[arg-type]
    return PublicLightClient(Site(config, Paths(Path(), Path(), Path())))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "Helios on mainnet needs --helios-beacon-api"),
        ({**GIVEN, "helios_beacon_api": "beacon.example"}, "Helios on mainnet needs --helios-beacon-api"),
        ({**GIVEN, "helios_checkpoint": "0xabc"}, "Helios on mainnet needs --helios-checkpoint: the root"),
        (
            {"helios_beacon_api": API, "helios_checkpoint": ROOT},
            "needs --helios-execution-rpc: .* Geth here is on devnet",
        ),
        ({"network": "sepolia", "beacon_api": API, "checkpoint": ROOT}, "Helios on mainnet needs --helios-beacon-api"),
        (
            {**GIVEN, "helios_network": "sepolia"},
            "Helios cannot follow sepolia: .* cannot follow GLOAS at epoch 353024",
        ),
    ],
)
def test_nothing_is_touched_without_what_it_needs(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        client(**options).check()


def test_what_the_user_gave_reaches_the_chart() -> None:
    component = client(**GIVEN)
    component.check()

    assert component.values(component.releases[0]) == {
        "network": "mainnet",
        "consensus": {"api": API, "checkpoint": ROOT},
        "execution": {"rpc": RPC},
    }


def test_on_geths_own_network_it_asks_geth_and_trusts_the_same_block() -> None:
    component = client(network="mainnet", beacon_api=API, checkpoint=ROOT)
    component.check()

    assert component.values(component.releases[0]) == {
        "network": "mainnet",
        "consensus": {"api": API, "checkpoint": ROOT},
    }


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, LightClient),
        ({"helios_network": "devnet"}, LightClient),
        ({"helios_network": "mainnet"}, PublicLightClient),
        ({"network": "sepolia", "helios_network": "mainnet"}, PublicLightClient),
        ({"network": "sepolia"}, None),
    ],
)
def test_the_networks_decide_which_light_client_there_is(options: dict[str, str], kind: type | None) -> None:
    found = [each for each in components_of(Config(**options)) if each.name == "light-client"]  # type: ignore[arg-type]

    assert found == ([kind] if kind else [])


def test_there_is_no_devnet_to_follow_beside_a_public_network() -> None:
    with pytest.raises(ConfigError, match="Helios cannot follow the devnet where Geth is on sepolia"):
        Stack.open(Config(network="sepolia", helios_network="devnet"))


def test_what_a_pod_uses_is_read_from_the_kubelets_summary() -> None:
    measured = {
        "cpu": {"usageNanoCores": 3_000_000},
        "memory": {"workingSetBytes": 104 * 2**20},
        "ephemeral-storage": {"usedBytes": 2**20},
        "volume": [
            {"name": "tmp", "usedBytes": 2**20, "availableBytes": 0},
            {"name": "data", "usedBytes": 2**21, "availableBytes": 2**22, "pvcRef": {}},
        ],
    }

    assert Usage.of(measured) == Usage(104 * 2**20, 0.003, 3 * 2**20, 2**22)
    assert str(Usage.of(measured)) == "104 MiB, 0.003 cores, 3.0 MiB on disk"
