"""The devnet's facts and its execution genesis."""

import subprocess
import sys

import yaml
from eth_account import Account
from plumbline_beacon import genesis, network


def test_funded_keys_belong_to_their_addresses() -> None:
    for account in network.FUNDED:
        assert Account.from_key(account.private_key).address == account.address


def test_beacon_config_names_every_fork_up_to_fulu_and_none_after() -> None:
    config = yaml.safe_load(network.beacon_config_yaml())

    epochs = {key: value for key, value in config.items() if key.endswith("_FORK_EPOCH")}
    assert epochs["FULU_FORK_EPOCH"] == 272640
    assert "GLOAS_FORK_EPOCH" not in epochs
    assert config["GENESIS_FORK_VERSION"] == 0x90000069
    assert len(config) == 2 * len(network.FORKS) - 1


def test_slots_and_times() -> None:
    slot = network.slot_at(network.GENESIS_TIME + 25.0)

    assert slot == 2
    assert network.slot_start(slot) == network.GENESIS_TIME + 24
    assert network.epoch_of(network.epoch_start(7) + 31) == 7


def test_facts_are_read_without_the_specification() -> None:
    code = "import sys, plumbline_beacon.network, plumbline_beacon.genesis; print('eth_consensus_specs' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def _dumped() -> dict[str, object]:
    return {
        "config": {"chainId": 1337, "osakaTime": 0, "bogotaTime": 0, "blobSchedule": {}},
        "alloc": {"000f3df6d732807ef1319fb7b8bb8522d0beac02": {"code": "0x33", "balance": "0x0", "nonce": "0x1"}},
        "timestamp": "0x0",
        "gasLimit": "0xaf79e0",
        "excessBlobGas": None,
        "blobGasUsed": None,
        "slotNumber": None,
    }


def test_execution_genesis_has_the_chain_forks_and_accounts() -> None:
    made = genesis.execution_genesis(_dumped())

    assert made["config"]["chainId"] == network.CHAIN_ID
    assert "bogotaTime" not in made["config"]
    assert made["config"]["bpo2Time"] == 0
    assert int(made["timestamp"], 16) == network.GENESIS_TIME
    assert "excessBlobGas" not in made
    assert len(made["alloc"]) == 1 + len(network.FUNDED) + genesis.FILLER_ACCOUNTS
    assert made["alloc"][genesis.filler_address(7)[2:]] == {"balance": hex(genesis.filler_balance(7))}


def test_execution_genesis_leaves_its_input_alone_and_agrees_with_the_consensus_layer() -> None:
    dumped = _dumped()
    made = genesis.execution_genesis(dumped)

    assert dumped == _dumped()
    schedule = made["config"]["blobSchedule"]
    assert [schedule["bpo1"]["max"], schedule["bpo2"]["max"]] == [limit.max_blobs for limit in network.BLOB_SCHEDULE]
