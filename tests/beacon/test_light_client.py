"""CON-002's rehearsal: the specification's own light client judges what is served, also when it is spoilt."""

from typing import Any

import pytest
from beacontest import NodeProcess
from plumbline_beacon import network
from plumbline_beacon.encoding import from_hex
from plumbline_beacon.spec import GENESIS_VALIDATORS_ROOT, spec
from plumbline_beacon.ssz_json import from_json

LIGHT = "/eth/v1/beacon/light_client"


class LightClient:
    """The specification's light client, fed from the API."""

    def __init__(self, node: NodeProcess, checkpoint: str, way: str = "") -> None:
        self.node, self.way = node, way
        bootstrap = from_json(spec.LightClientBootstrap, node.data(f"{way}{LIGHT}/bootstrap/{checkpoint}"))
        self.store = spec.initialize_light_client_store(spec.Root(from_hex(checkpoint)), bootstrap)

    def catch_up(self) -> None:
        """Process the best update of each period since the checkpoint, then follow the head."""
        period = network.sync_period_of(int(self.store.finalized_header.beacon.slot))
        for update in self.node.get(f"{self.way}{LIGHT}/updates?start_period={period}&count=16").json():
            self._process(spec.process_light_client_update, spec.LightClientUpdate, update)
        self.follow()

    def follow(self) -> None:
        """Process the newest finality and head."""
        finality = self.node.get(f"{self.way}{LIGHT}/finality_update").json()
        self._process(spec.process_light_client_finality_update, spec.LightClientFinalityUpdate, finality)
        optimistic = self.node.get(f"{self.way}{LIGHT}/optimistic_update").json()
        self._process(spec.process_light_client_optimistic_update, spec.LightClientOptimisticUpdate, optimistic)

    def _process(self, process: Any, ssz_type: Any, answer: dict[str, Any]) -> None:
        assert answer["version"] == "fulu"
        now = spec.Slot(self.node.clock()["slot"])
        process(self.store, from_json(ssz_type, answer["data"]), now, spec.Root(GENESIS_VALIDATORS_ROOT))

    @property
    def optimistic_slot(self) -> int:
        return int(self.store.optimistic_header.beacon.slot)

    @property
    def finalized_slot(self) -> int:
        return int(self.store.finalized_header.beacon.slot)


def _checkpoint(node: NodeProcess) -> str:
    return str(node.data("/eth/v1/beacon/states/head/finality_checkpoints")["finalized"]["root"])


@pytest.mark.parametrize("start", ["anchor", "finalized"])
def test_the_specifications_light_client_reaches_head_and_finality(node: NodeProcess, start: str) -> None:
    anchor = node.data("/eth/v1/beacon/headers/genesis")["root"]
    client = LightClient(node, anchor if start == "anchor" else _checkpoint(node))
    client.catch_up()
    node.advance(slots=2)
    client.follow()

    assert client.optimistic_slot == node.clock()["slot"] - 1
    assert client.finalized_slot >= network.epoch_start(node.finalized_epoch)


def test_it_follows_over_a_sync_committee_period(node: NodeProcess) -> None:
    header = node.data("/eth/v1/beacon/headers/genesis")
    period = network.sync_period_of(int(header["header"]["message"]["slot"]))
    beyond = (period + 1) * network.SLOTS_PER_SYNC_COMMITTEE_PERIOD + 4 * network.SLOTS_PER_EPOCH
    if (missing := beyond - node.clock()["slot"]) > 0:
        node.advance(slots=missing, stride=8)
    client = LightClient(node, header["root"])
    client.catch_up()

    assert network.sync_period_of(client.finalized_slot) == period + 1


def test_ssz_and_json_are_the_same_objects(node: NodeProcess) -> None:
    checkpoint = _checkpoint(node)
    for path, ssz_type in (
        (f"{LIGHT}/bootstrap/{checkpoint}", spec.LightClientBootstrap),
        (f"{LIGHT}/finality_update", spec.LightClientFinalityUpdate),
        (f"{LIGHT}/optimistic_update", spec.LightClientOptimisticUpdate),
    ):
        ssz = node.get(path, Accept="application/octet-stream").content
        assert from_json(ssz_type, node.data(path)).encode_bytes() == ssz


def test_a_bad_sync_signature_is_served_and_refused_then_healed(node: NodeProcess) -> None:
    node.control("POST", "/faults/bad_sync_signature")
    client = LightClient(node, _checkpoint(node))
    with pytest.raises(AssertionError):
        client.follow()

    node.control("DELETE", "/faults/bad_sync_signature")
    node.advance(slots=2)
    client.follow()
    assert client.optimistic_slot == node.head_slot - 1


def test_a_wrong_finality_branch_is_served_and_refused_then_healed(node: NodeProcess) -> None:
    node.control("POST", "/faults/wrong_finality_branch")
    client = LightClient(node, _checkpoint(node))
    with pytest.raises(AssertionError):
        client.follow()

    node.control("DELETE", "/faults/wrong_finality_branch")
    client.follow()
    assert client.finalized_slot >= network.epoch_start(node.finalized_epoch)


# ---- a client that is misled alone

ALONE = "/for/helios"


@pytest.mark.parametrize("fault", ["bad_sync_signature", "wrong_finality_branch"])
def test_a_client_is_misled_while_all_others_are_told_the_truth(node: NodeProcess, fault: str) -> None:
    node.control("POST", f"{ALONE}/faults/{fault}")
    misled, other = (LightClient(node, _checkpoint(node), way) for way in (ALONE, ""))

    other.catch_up()
    with pytest.raises(AssertionError):
        misled.follow()

    node.control("DELETE", f"{ALONE}/faults/{fault}")
    node.advance(slots=2)
    misled.follow()
    assert misled.optimistic_slot == node.head_slot - 1


def test_old_updates_stand_still_for_whom_they_are_meant(node: NodeProcess) -> None:
    node.advance(slots=2)
    misled, other = (LightClient(node, _checkpoint(node), way) for way in (ALONE, ""))
    node.control("POST", f"{ALONE}/faults/old_updates")
    head = node.head_slot
    node.advance(slots=2)
    for client in (misled, other):
        client.catch_up()
    assert (misled.optimistic_slot, other.optimistic_slot) == (head - 1, head + 1)

    node.control("DELETE", f"{ALONE}/faults/old_updates")
    misled.follow()
    assert misled.optimistic_slot == head + 1


def test_few_signatures_move_the_head_and_finalize_nothing(node: NodeProcess) -> None:
    finalized = LightClient(node, _checkpoint(node))
    finalized.follow()
    node.control("POST", f"{ALONE}/faults/few_signatures", {"fraction": 0.6})
    misled = LightClient(node, _checkpoint(node), ALONE)
    node.advance(epochs=2, stride=8)
    misled.follow()

    update = node.data(f"{ALONE}{LIGHT}/optimistic_update")
    bits = from_hex(update["sync_aggregate"]["sync_committee_bits"])
    assert 1 / 2 < int.from_bytes(bits, "little").bit_count() / 512 < 2 / 3
    assert misled.optimistic_slot == int(update["attested_header"]["beacon"]["slot"])
    assert misled.finalized_slot == finalized.finalized_slot < network.epoch_start(node.finalized_epoch)
