"""A public network: what the user must bring, and that the chart takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.components.base import Site
from plumbline.components.public_execution import PublicExecution
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.stack import Stack

API, ROOT = "https://beacon.example", "0x" + "ab" * 32


def execution(**options: str) -> PublicExecution:
    config = Config(**{"network": "sepolia", **options})  # type: ignore[arg-type]
    return PublicExecution(Site(config, Paths(Path(), Path(), Path())))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "network sepolia needs --beacon-api"),
        ({"beacon_api": "beacon.example", "checkpoint": ROOT}, "network sepolia needs --beacon-api"),
        ({"beacon_api": API}, "network sepolia needs --checkpoint"),
        ({"beacon_api": API, "checkpoint": "0xabc"}, "network sepolia needs --checkpoint"),
    ],
)
def test_nothing_is_touched_without_api_and_checkpoint(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        execution(**options).check()


@pytest.mark.parametrize("network", ["sepolia", "mainnet"])
def test_network_api_and_checkpoint_reach_the_chart(network: str) -> None:
    component = execution(network=network, beacon_api=API, checkpoint=ROOT)
    component.check()

    values = component.values(component.releases[0])

    assert values == {"network": network, "consensus": {"blsync": {"api": [API], "checkpoint": ROOT}}}


def test_a_public_stack_has_no_devnet() -> None:
    stack = Stack.open(Config(network="sepolia"))

    assert "devnet" not in stack.components
    assert "consensus" not in stack.components
    assert isinstance(stack.components["execution"], PublicExecution)
