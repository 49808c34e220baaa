"""Faults that change the chain: their effect, and that they heal (spoilt light-client objects: test_light_client.py)."""

import threading

import pytest
from beacontest import HTTP, NodeProcess, eventually
from plumbline_beacon.faults import CATALOGUE, BadParameter, Faults, UnknownFault


def test_skipped_slots_have_no_block_and_are_counted(node: NodeProcess) -> None:
    head, missed = node.head_slot, node.metric("plumbline_beacon_missed_slots_total")
    node.control("POST", "/faults/skip_slots", {"count": 3})
    node.advance(slots=3)
    assert node.head_slot == head
    assert node.metric("plumbline_beacon_missed_slots_total") == missed + 3

    slot = node.advance(slots=1)
    assert node.head_slot == slot, "the fault ends by itself"
    node.advance(slots=8, stride=8)
    assert node.metric("plumbline_beacon_missed_slots_total") == missed + 3, "slots left out on command are not missed"
    assert node.get("/eth/v1/node/health").status_code == 200, "empty slots are no reason to be unready"


def test_without_attestations_finality_stands_still_and_recovers(node: NodeProcess) -> None:
    node.advance(epochs=1, stride=8)
    node.control("POST", "/faults/withhold_attestations")
    node.advance(epochs=2, stride=8)  # what was voted before still counts
    finalized = node.finalized_epoch
    node.advance(epochs=2, stride=8)
    assert node.finalized_epoch == finalized
    assert node.metric("plumbline_beacon_attestation_participation_ratio") == 0

    node.control("DELETE", "/faults/withhold_attestations")
    node.advance(epochs=4, stride=8)
    assert node.finalized_epoch > finalized + 2


def test_a_stalled_chain_stands_still_unready_and_catches_up(node: NodeProcess) -> None:
    head = node.advance(slots=1)
    node.control("POST", "/faults/stall")
    node.control("POST", "/advance", {"slots": 5})
    eventually(lambda: node.get("/eth/v1/node/health").status_code == 206, "a stalled node is not ready")
    assert node.head_slot == head
    assert node.data("/eth/v1/node/syncing")["is_syncing"] is True

    node.control("DELETE", "/faults/stall")
    eventually(lambda: node.head_slot == head + 5, "the chain catches up")
    eventually(lambda: node.get("/eth/v1/node/health").status_code == 200, "it is ready again")


def test_a_reorg_replaces_blocks_without_signing_a_slot_twice(node: NodeProcess) -> None:
    node.advance(slots=6)
    head, reorgs = node.head_slot, node.metric("beacon_reorgs_total")
    ancestor = node.data(f"/eth/v1/beacon/headers/{head - 3}")["root"]
    node.control("POST", "/faults/reorg", {"depth": 3})
    slot = node.advance(slots=1)

    header = node.data("/eth/v1/beacon/headers/head")["header"]["message"]
    assert int(header["slot"]) == slot
    assert header["parent_root"] == ancestor
    assert node.get(f"/eth/v1/beacon/headers/{head}").status_code == 404
    assert node.metric("beacon_reorgs_total") == reorgs + 1
    slots = [block_slot for block_slot, _, _ in node.blocks()]
    assert len(slots) == len(set(slots)), "two blocks were signed for one slot"
    node.advance(slots=2)


def test_a_reorg_tells_its_subscribers(node: NodeProcess) -> None:
    node.advance(slots=3)
    lines: list[str] = []
    url = f"http://127.0.0.1:{node.port}/eth/v1/events?topics=chain_reorg"

    def listen() -> None:
        with HTTP.stream("GET", url, timeout=20) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                if line.startswith("data:"):
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    eventually(lambda: node.metric("plumbline_beacon_event_subscribers") >= 1, "the subscriber is there")
    node.control("POST", "/faults/reorg", {"depth": 2})
    node.advance(slots=1)
    listener.join(10)
    assert '"depth": "2"' in lines[-1]


def test_low_participation_is_low_in_votes_and_sync_committee(node: NodeProcess) -> None:
    node.control("POST", "/faults/low_participation", {"fraction": 0.75})
    node.advance(epochs=2, stride=8)
    assert 0.6 < node.metric("plumbline_beacon_sync_participation_ratio") < 0.9
    assert node.metric("plumbline_beacon_attestation_participation_ratio") == pytest.approx(0.75, abs=0.05)

    node.control("DELETE", "/faults/low_participation")
    node.advance(epochs=2, stride=8)
    assert node.metric("plumbline_beacon_sync_participation_ratio") == 1
    assert node.metric("plumbline_beacon_attestation_participation_ratio") == 1


def test_nobody_on_line_makes_blocks_that_prove_nothing(node: NodeProcess) -> None:
    update = node.data("/eth/v1/beacon/light_client/optimistic_update")
    node.control("POST", "/faults/low_participation", {"fraction": 0})
    slot = node.advance(slots=2)
    assert node.head_slot == slot
    assert node.data("/eth/v1/beacon/light_client/optimistic_update") == update


# ---- the catalogue itself


def test_parameters_have_defaults_and_bounds() -> None:
    faults = Faults()
    faults.inject("reorg", {})
    assert faults.take_reorg() == 1
    assert faults.take_reorg() == 0
    for bad in (0, 17, 1.5, "2", True, float("nan")):
        with pytest.raises(BadParameter, match="depth must be a whole number from 1 to 16"):
            faults.inject("reorg", {"depth": bad})
    with pytest.raises(BadParameter, match="does not take deepness; its parameters: depth"):
        faults.inject("reorg", {"deepness": 3})
    with pytest.raises(UnknownFault, match="there is no fault 'gremlins'; the faults are skip_slots"):
        faults.inject("gremlins", {})


def test_every_fault_heals() -> None:
    faults = Faults()
    for name in CATALOGUE:
        faults.inject(name, {})
        assert faults.active(name)
    faults.heal("stall")
    assert not faults.active("stall")
    faults.heal_all()
    assert not any(map(faults.active, CATALOGUE))
