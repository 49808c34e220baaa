"""The Engine API client, and an engine's worker: fan-out, healing, what it says when healing is impossible."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from beacontest import eventually
from plumbline_beacon.encoding import from_hex
from plumbline_beacon.engine import EngineClient, EngineRefused, EngineUnreachable, Forkchoice
from plumbline_beacon.engine_worker import EngineWorker, Role, Status, StoredPayload
from plumbline_beacon.engines import Engines
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.spec import NO_ROOT
from stub_engine import JWT_SECRET, StubEngine, genesis_block

ATTRIBUTES = {
    "prevRandao": "0x" + "00" * 32,
    "suggestedFeeRecipient": "0x" + "00" * 20,
    "withdrawals": [],
    "parentBeaconBlockRoot": "0x" + "00" * 32,
}


def _chain(length: int) -> list[StoredPayload]:
    parent, found = genesis_block(), []
    for number in range(1, length + 1):
        payload = StubEngine._pack(parent, {**ATTRIBUTES, "timestamp": hex(number)})
        parent = {**payload, "number": payload["blockNumber"], "hash": payload["blockHash"]}
        found.append(StoredPayload(number, from_hex(payload["blockHash"]), (payload, [], "0x" + "00" * 32, [])))
    return found


class Canonical:
    """Our own chain, as healing reads it."""

    def __init__(self, payloads: list[StoredPayload]) -> None:
        self.payloads = payloads

    def payload_hash(self, number: int) -> bytes | None:
        if number == 0:
            return from_hex(genesis_block()["hash"])
        return self.payloads[number - 1].hash if number <= len(self.payloads) else None

    def payloads_above(self, number: int) -> Iterator[StoredPayload]:
        return iter(self.payloads[number:])


def _worker(
    engine: StubEngine, role: Role, payloads: list[StoredPayload], metrics: Metrics | None = None
) -> EngineWorker:
    client = EngineClient(engine.url, JWT_SECRET)
    return EngineWorker(client, role, lambda: Canonical(payloads), metrics or Metrics())


def _head(payload: StoredPayload) -> Forkchoice:
    return Forkchoice(payload.hash, NO_ROOT, NO_ROOT)


# ---- client


def test_a_wrong_secret_is_named_as_such(engine: StubEngine) -> None:
    with pytest.raises(EngineRefused, match="jwtsecret is not the file"):
        EngineClient(engine.url, b"\x01" * 32).block(0)


def test_a_json_rpc_error_carries_its_code(engine: StubEngine) -> None:
    with pytest.raises(EngineRefused, match="Unknown payload") as refusal:
        EngineClient(engine.url, JWT_SECRET).get_payload("0x01")
    assert refusal.value.code == -38001


def test_a_restarted_engine_is_reached_again_without_an_error(engine: StubEngine) -> None:
    client = EngineClient(engine.url, JWT_SECRET)
    assert client.block(0) is not None
    engine.stop()
    engine.start()
    assert client.block(0) is not None


def test_a_dead_engine_is_unreachable(engine: StubEngine) -> None:
    client = EngineClient(engine.url, JWT_SECRET)
    engine.stop()
    with pytest.raises(EngineUnreachable, match="does not answer eth_getBlockByNumber"):
        client.block(0)
    engine.start()


# ---- worker


def test_a_producer_that_lost_its_blocks_gets_them_back_with_a_head_at_least_every_32(engine: StubEngine) -> None:
    payloads, metrics = _chain(80), Metrics()
    worker = _worker(engine, Role.PRODUCER, payloads, metrics)

    assert worker.set_head(_head(payloads[-1])).result(10).status == "VALID"

    assert engine.height == 80
    run, longest = 0, 0
    for method, _ in engine.calls:
        run = run + 1 if method == "engine_newPayloadV4" else 0 if method == "engine_forkchoiceUpdatedV3" else run
        longest = max(longest, run)
    assert longest <= 32
    assert metrics.value("plumbline_beacon_payloads_resent_total", engine=worker.name) == 80


def test_healing_starts_at_the_common_ancestor(engine: StubEngine) -> None:
    payloads, metrics = _chain(20), Metrics()
    worker = _worker(engine, Role.PRODUCER, payloads, metrics)
    worker.set_head(_head(payloads[-1])).result(10)
    engine.forget_above(12)
    worker._heal_after = 0.0

    worker.set_head(_head(payloads[-1])).result(10)

    assert metrics.value("plumbline_beacon_payloads_resent_total", engine=worker.name) == 20 + 8


def test_an_engine_that_rejects_our_own_chain_is_to_be_wiped(
    engine: StubEngine, caplog: pytest.LogCaptureFixture
) -> None:
    payloads = _chain(5)
    engine.hated_numbers = {3}
    worker = _worker(engine, Role.PRODUCER, payloads)

    with caplog.at_level(logging.ERROR):
        worker.set_head(_head(payloads[-1])).result(10)

    assert "engine_diverged" in caplog.text
    assert "block=3" in caplog.text
    assert "wipe its data directory" in caplog.text


def test_an_engine_of_another_genesis_is_to_be_wiped(engine: StubEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.blocks[engine.genesis["hash"]]["hash"] = "0x" + "99" * 32
    payloads = _chain(2)
    with caplog.at_level(logging.ERROR):
        _worker(engine, Role.PRODUCER, payloads).set_head(_head(payloads[-1])).result(10)
    assert "its genesis block is" in caplog.text


def test_an_engine_that_finalized_another_chain_is_to_be_wiped_and_stays_so_called(
    engine: StubEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.packs = False  # Geth's answer when it is asked to go below its finalized block: VALID, but no payload id
    engine.finalized = {"number": "0x7e", "hash": "0x" + "99" * 32}
    worker = _worker(engine, Role.PRODUCER, [])
    genesis = Forkchoice(from_hex(genesis_block()["hash"]), NO_ROOT, NO_ROOT)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            with pytest.raises(EngineRefused, match="packs no payload"):
                worker.build(genesis, {**ATTRIBUTES, "timestamp": "0x9"}).result(10)
            worker.set_head(genesis).result(10)

    assert worker.status is Status.INVALID
    assert caplog.text.count("engine_status") == 2, "UNKNOWN to VALID to INVALID, and no further back and forth"
    assert caplog.text.count("engine_diverged") == 1

    engine.packs = True
    worker.build(genesis, {**ATTRIBUTES, "timestamp": "0x9"}).result(10)
    assert worker.status is Status.VALID


def test_a_follower_is_never_given_old_payloads(engine: StubEngine) -> None:
    payloads = _chain(5)
    worker = _worker(engine, Role.FOLLOWER, payloads)
    assert worker.status is Status.HELD

    assert worker.set_head(_head(payloads[-1])).result(10).status == "SYNCING"
    assert [method for method, _ in engine.calls] == ["engine_forkchoiceUpdatedV3"]


# ---- all of them


def test_one_dead_engine_delays_nobody_and_the_other_packs(engine: StubEngine) -> None:
    other = StubEngine()
    payloads = _chain(1)
    engines = Engines([_worker(engine, Role.PRODUCER, payloads), _worker(other, Role.PRODUCER, payloads)])
    engine.stop()

    deliveries = engines.deliver(payloads[0].arguments)
    assert engines.accepted(1, deliveries, within_s=5)
    packings = engines.pack(_head(payloads[0]), {**ATTRIBUTES, "timestamp": "0x9"}, on=2, within_s=5)
    assert [packing.worker.name for packing in packings] == [other.url.removeprefix("http://")]
    assert engines.fetch(packings, within_s=5) is not None

    engine.start()
    other.stop()


def test_a_payload_packed_twice_survives_the_loss_of_one_engine(engine: StubEngine) -> None:
    other = StubEngine()
    engines = Engines([_worker(engine, Role.PRODUCER, []), _worker(other, Role.PRODUCER, [])])
    genesis = Forkchoice(from_hex(genesis_block()["hash"]), NO_ROOT, NO_ROOT)
    packings = engines.pack(genesis, {**ATTRIBUTES, "timestamp": "0x9"}, on=2, within_s=5)
    assert len(packings) == 2

    engine.stop()
    assert engines.fetch(packings, within_s=5) is not None

    engine.start()
    other.stop()


def test_an_engine_that_alone_rejects_a_block_has_diverged(engine: StubEngine) -> None:
    other = StubEngine()
    payloads = _chain(1)
    workers = [_worker(engine, Role.PRODUCER, payloads), _worker(other, Role.PRODUCER, payloads)]
    engine.hated_numbers = {1}
    engines = Engines(workers)

    assert engines.accepted(1, engines.deliver(payloads[0].arguments), within_s=5)
    eventually(lambda: workers[0].status is Status.INVALID, "the engine is called diverged")
    other.stop()


def test_followers_are_held_back_until_released(engine: StubEngine) -> None:
    follower = StubEngine()
    payloads = _chain(1)
    engines = Engines([_worker(engine, Role.PRODUCER, payloads), _worker(follower, Role.FOLLOWER, payloads)])

    def driven() -> list[Any]:
        return [future.result(5) for _, future in engines.deliver(payloads[0].arguments)]

    assert len(driven()) == 1
    engines.followers_released = True
    assert len(driven()) == 2
    assert follower.calls[0][0] == "engine_newPayloadV4"
    follower.stop()


def test_no_engine_at_all_is_said_with_reasons(engine: StubEngine) -> None:
    engines = Engines([_worker(engine, Role.PRODUCER, [])])
    engine.stop()
    with pytest.raises(EngineUnreachable, match=r"no producer answers: .*Connection refused"):
        engines.genesis()
    assert engines.offline
    engine.start()
