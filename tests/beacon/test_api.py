"""The Beacon API over a finalized chain: what clients read, and errors as JSON."""

import json
import threading

import pytest
from beacontest import HTTP, NodeProcess, eventually
from plumbline_beacon import network
from plumbline_beacon.chain import checkpoints_json
from plumbline_beacon.encoding import from_hex, to_hex
from plumbline_beacon.spec import root_of, spec
from plumbline_beacon.ssz_json import from_json
from stub_engine import StubEngine

SSZ = "application/octet-stream"
BEACON = "/eth/v1/beacon"


def test_health_is_ready_only_with_finality_and_enough_blocks_for_a_snap_sync(node: NodeProcess) -> None:
    assert node.get("/eth/v1/node/health").status_code == 200
    assert node.metric("plumbline_beacon_head_execution_block") > network.SNAP_SYNC_BLOCKS
    assert node.data("/eth/v1/node/syncing") == {
        "head_slot": str(node.head_slot),
        "sync_distance": "0",
        "is_syncing": False,
        "is_optimistic": False,
        "el_offline": False,
    }


def test_followers_are_driven_only_beyond_the_snap_sync_pivot(node: NodeProcess, shared_follower: StubEngine) -> None:
    node.advance(slots=1)
    method, (payload, *_) = eventually(lambda: shared_follower.calls, "the follower is driven")[0]

    assert method == "engine_newPayloadV4"
    assert int(payload["blockNumber"], 16) > network.SNAP_SYNC_BLOCKS


def test_blocks_are_the_same_by_every_name_and_in_both_forms(node: NodeProcess) -> None:
    header = node.data(f"{BEACON}/headers/head")
    root, slot = header["root"], header["header"]["message"]["slot"]

    for block_id in ("head", root, slot):
        answer = node.get(f"/eth/v2/beacon/blocks/{block_id}")
        assert answer.headers["Eth-Consensus-Version"] == "fulu"
        block = from_json(spec.SignedBeaconBlock, answer.json()["data"])
        assert to_hex(root_of(block.message)) == root
        assert node.get(f"/eth/v2/beacon/blocks/{block_id}", Accept=SSZ).content == block.encode_bytes()
    assert node.data(f"{BEACON}/blocks/head/root") == {"root": root}
    assert node.data(f"{BEACON}/headers?slot={slot}")[0]["root"] == root


def test_checkpoints_are_those_of_the_state(node: NodeProcess) -> None:
    ssz = node.get("/eth/v2/debug/beacon/states/head", Accept=SSZ).content
    state = spec.BeaconState.decode_bytes(ssz)

    assert to_hex(root_of(state)) == node.data(f"{BEACON}/states/head/root")["root"]
    assert node.data(f"{BEACON}/states/head/finality_checkpoints") == checkpoints_json(state)


def test_finalized_and_justified_name_blocks_and_states(node: NodeProcess) -> None:
    checkpoints = node.data(f"{BEACON}/states/head/finality_checkpoints")

    assert node.data(f"{BEACON}/headers/finalized")["root"] == checkpoints["finalized"]["root"]
    assert node.data(f"{BEACON}/headers/justified")["root"] == checkpoints["current_justified"]["root"]
    earlier = node.data(f"{BEACON}/states/finalized/finality_checkpoints")
    assert int(earlier["finalized"]["epoch"]) < int(checkpoints["finalized"]["epoch"])
    finality = [node.get(f"{BEACON}/headers/{block_id}").json()["finalized"] for block_id in ("finalized", "head")]
    assert finality == [True, False]


def test_validators_are_active_and_can_be_selected(node: NodeProcess) -> None:
    everyone = node.data(f"{BEACON}/states/head/validators")
    one = everyone[5]

    assert len(everyone) == 64
    assert {validator["status"] for validator in everyone} == {"active_ongoing"}
    assert node.data(f"{BEACON}/states/head/validators?id=5") == [one]
    assert node.data(f"{BEACON}/states/head/validators?id={one['validator']['pubkey']}&status=active") == [one]
    assert node.data(f"{BEACON}/states/head/validators?status=exited_slashed") == []


def test_configuration_is_that_of_the_network(node: NodeProcess) -> None:
    config = node.data("/eth/v1/config/spec")

    assert config["FULU_FORK_EPOCH"] == "272640"
    assert config["GENESIS_FORK_VERSION"] == "0x90000069"
    assert config["SLOTS_PER_EPOCH"] == "32"
    assert config["SECONDS_PER_SLOT"] == "12"
    assert config["DEPOSIT_CHAIN_ID"] == str(network.CHAIN_ID)
    assert node.data("/eth/v1/config/fork_schedule")[-1] == node.data(f"{BEACON}/states/head/fork")
    assert node.data(f"{BEACON}/genesis")["genesis_validators_root"] == network.GENESIS_VALIDATORS_ROOT
    assert node.data("/eth/v1/config/deposit_contract")["address"] == network.DEPOSIT_CONTRACT.lower()


def test_node_facts(node: NodeProcess) -> None:
    assert node.data("/eth/v1/node/version")["version"].startswith("plumbline-beacon/")
    assert node.data("/eth/v1/node/identity")["p2p_addresses"] == []
    assert node.data("/eth/v1/node/peer_count")["connected"] == "0"
    assert node.get("/eth/v1/node/peers").json()["meta"] == {"count": 0}


def test_finality_history_shows_two_epochs_behind_each(node: NodeProcess) -> None:
    node.advance(epochs=1, stride=8)
    history = node.data("/plumbline/v1/finality_history")
    newest = history[-1]

    assert int(newest["finalized"]["epoch"]) == int(newest["epoch"]) - 2
    assert [int(record["epoch"]) for record in history] == sorted(int(record["epoch"]) for record in history)
    assert newest["wall_time"] > network.GENESIS_TIME
    assert len(node.data("/plumbline/v1/finality_history?limit=2")) == 2


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (f"{BEACON}/headers/nonsense", 400, "is not head, genesis, finalized"),
        (f"{BEACON}/headers/0x1234", 400, "root of 32 bytes"),
        (f"{BEACON}/headers/1", 404, "block 1 is not in this chain"),
        (f"/eth/v2/beacon/blocks/0x{'ab' * 32}", 404, "is not in this chain"),
        (f"{BEACON}/headers?slot=x", 400, "slot must be a decimal number"),
        (f"{BEACON}/states/0x{'ab' * 32}/root", 404, "not known by its root"),
        (f"{BEACON}/states/finalized/validators", 404, "only the head's is"),
        ("/eth/v2/debug/beacon/states/head", 406, "as SSZ only"),
        (f"{BEACON}/light_client/bootstrap/finalized", 400, "is not a 0x-prefixed root"),
        (f"{BEACON}/light_client/bootstrap/0x{'ab' * 32}", 404, "no checkpoint of this chain"),
        (f"{BEACON}/light_client/updates?count=1", 400, "start_period must be a decimal number"),
        (f"{BEACON}/light_client/updates?start_period=1&count=many", 400, "count must be a decimal number"),
        ("/eth/v1/node/health?syncing_status=9", 400, "status from 100 to 599"),
        ("/eth/v1/events", 400, "topics must be some of"),
        ("/eth/v1/events?topics=weather", 400, "not weather"),
        ("/plumbline/v1/finality_history?limit=-1", 400, "limit must be a decimal number"),
        ("/eth/v1/nowhere", 404, "Not Found"),
    ],
)
def test_errors_are_json_that_says_what_is_wrong(node: NodeProcess, path: str, status: int, message: str) -> None:
    answer = node.get(path)

    assert answer.status_code == status
    assert answer.json()["code"] == status
    assert message in answer.json()["message"]


def test_a_wrong_method_is_an_error_too(node: NodeProcess) -> None:
    answer = HTTP.post(f"http://127.0.0.1:{node.port}/eth/v1/node/version")
    assert answer.status_code == 405
    assert answer.json()["code"] == 405


def test_events_tell_of_heads_finality_and_light_client_updates(node: NodeProcess) -> None:
    topics = "head,block,finalized_checkpoint,light_client_finality_update,light_client_optimistic_update"
    seen: dict[str, dict[str, object]] = {}

    def listen() -> None:
        url = f"http://127.0.0.1:{node.port}/eth/v1/events?topics={topics}"
        with HTTP.stream("GET", url, timeout=20) as stream:
            name = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    seen[name] = json.loads(line.removeprefix("data: "))
                if len(seen) == 5:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    eventually(lambda: node.metric("plumbline_beacon_event_subscribers") >= 1, "the subscriber is there")
    node.advance(epochs=2, stride=8)
    listener.join(20)

    assert set(seen) == set(topics.split(","))
    assert from_hex(str(seen["head"]["current_duty_dependent_root"])) != b"\x00" * 32
    assert seen["light_client_finality_update"]["version"] == "fulu"


def test_metrics_tell_of_head_finality_participation_and_engines(node: NodeProcess) -> None:
    assert node.metric("beacon_head_slot") == node.head_slot
    assert node.metric("beacon_finalized_epoch") == node.finalized_epoch
    assert node.metric("plumbline_beacon_sync_participation_ratio") == 1
    assert node.metric("plumbline_beacon_attestation_participation_ratio") == 1
    assert node.metric("plumbline_beacon_ready") == 1
    assert node.metric("process_resident_memory_bytes") > 50e6
    assert 'role="producer"} 1' in node.metrics
    assert 'status="VALID"} 1' in node.metrics
    assert 'spec="1.7.0b4"' in node.metrics
