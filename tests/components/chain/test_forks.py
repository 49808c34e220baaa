from __future__ import annotations

from typing import Any

from plumbline_beacon import network

from plumbline.components.chain import forks
from plumbline.components.chain.forks import Schedule

MAINNET_GENESIS = "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
BLOBS = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
    "osaka": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
    "bpo2": {"target": 14, "max": 21, "baseFeeUpdateFraction": 11684671},
}


def genesis(**times: int) -> dict[str, Any]:
    return {
        "timestamp": hex(1000),
        "config": {"chainId": 11155111, "blobSchedule": BLOBS, **{f"{name}Time": time for name, time in times.items()}},
    }


def answer(chain_id: int, time: int, fork_id: str, blobs: dict[str, int]) -> dict[str, Any]:
    return {"activationTime": time, "chainId": hex(chain_id), "forkId": fork_id, "blobSchedule": blobs}


def test_fork_id_of_mainnets_frontier_is_that_of_eip_2124() -> None:
    assert forks.fork_id(MAINNET_GENESIS, []) == "0xfc64ec04"
    assert forks.fork_id(MAINNET_GENESIS, [1150000]) == "0x97c2c34c"  # Homestead


def test_a_genesis_with_all_forks_at_its_start_asks_for_the_last_one() -> None:
    asked = Schedule.asked_for(genesis(cancun=0, osaka=0, bpo2=0), MAINNET_GENESIS, at=5000)

    current = answer(11155111, 0, "0xfc64ec04", BLOBS["bpo2"])
    assert asked == Schedule.of({"current": current, "next": None, "last": None})


def test_forks_to_come_are_next_and_last() -> None:
    asked = Schedule.asked_for(genesis(cancun=0, osaka=2000, bpo2=3000), MAINNET_GENESIS, at=1500)

    assert asked.current.activation_time == 0
    assert asked.next is not None
    assert asked.last is not None
    assert (asked.next.activation_time, asked.next.blob_max) == (2000, 9)
    assert (asked.last.activation_time, asked.last.blob_max) == (3000, 21)
    assert asked.last.fork_id == forks.fork_id(MAINNET_GENESIS, [2000, 3000])


CLIENTS = {
    "geth-0": "Geth/v1.17.10-stable/linux-amd64/go1.26.8",
    "helios-0": "helios/0.11.1",
    "beacon-0": "plumbline-beacon/0.1.0 (eth-consensus-specs 1.7.0b4)",
}


def test_all_can_follow_the_devnet() -> None:
    assert forks.cannot_follow(forks.of_network(), CLIENTS) == []


def test_who_ends_at_fulu_cannot_follow_public_sepolia() -> None:
    short = forks.cannot_follow(forks.SEPOLIA, CLIENTS)

    assert [(one.client, one.fork.name) for one in short] == [("helios-0", "GLOAS"), ("beacon-0", "GLOAS")]
    assert "helios-0 (helios/0.11.1) cannot follow GLOAS at epoch 353024" in str(short[0])


def test_a_release_that_nobody_has_looked_at_is_named() -> None:
    assert [one.client for one in forks.cannot_follow(forks.of_network(), {"geth-9": "Geth/v1.99.0"})] == ["geth-9"]


def test_schedules_are_read_from_both_forms_of_a_configuration() -> None:
    import yaml

    served: dict[str, Any] = {
        "GLOAS_FORK_VERSION": "0x90000076",
        "GLOAS_FORK_EPOCH": str(2**64 - 1),
        "PRESET_BASE": "mainnet",
    }
    for fork in network.FORKS:
        served[f"{fork.name}_FORK_VERSION"] = fork.version
        if fork.name != "GENESIS":
            served[f"{fork.name}_FORK_EPOCH"] = str(fork.epoch)

    assert forks.schedule_of(served) == network.FORKS
    assert forks.schedule_of(yaml.safe_load(network.beacon_config_yaml())) == network.FORKS
