"""Restarts: SIGKILL at any moment, SIGTERM in time, engines that come and go. Nothing is ever signed twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from beacontest import NodeProcess, eventually
from plumbline_beacon.__main__ import main
from stub_engine import StubEngine


@pytest.fixture
def wall_node(tmp_path: Path, engine: StubEngine) -> Iterator[NodeProcess]:
    """A node on the wall clock whose chain is short."""
    node = NodeProcess(tmp_path, [engine], ["--backfill-slots=64"])
    yield node
    node.stop()


def _assert_one_history(before: list[tuple[int, bytes, bytes]], after: list[tuple[int, bytes, bytes]]) -> None:
    """Everything signed before is still there, and no slot has two blocks."""
    assert set(before) <= set(after)
    slots = [slot for slot, _, _ in after]
    assert len(slots) == len(set(slots))


def test_a_node_killed_while_it_fills_the_chain_goes_on_with_the_same_chain(
    wall_node: NodeProcess, engine: StubEngine
) -> None:
    engine.stop()
    wall_node.start()
    eventually(lambda: wall_node.get("/eth/v1/node/health").status_code == 503, "it waits for its engine")
    assert wall_node.get("/eth/v1/node/syncing").json()["code"] == 503
    engine.start()
    eventually(lambda: len(wall_node.blocks()) >= 4, "some blocks are there")
    wall_node.kill()
    blocks, votes = wall_node.blocks(), wall_node.votes()

    wall_node.start()
    eventually(lambda: "name=backfill" in wall_node.log, "the chain is filled")

    _assert_one_history(blocks, wall_node.blocks())
    assert votes.items() <= wall_node.votes().items()
    assert "event=resumed" in wall_node.log
    assert "slot_missed" not in wall_node.log


def test_a_live_node_that_is_killed_comes_back_at_its_head_and_stops_in_time(wall_node: NodeProcess) -> None:
    wall_node.start()
    eventually(lambda: "name=backfill" in wall_node.log, "the chain is filled")
    head = wall_node.data("/eth/v1/beacon/headers/head")["root"]
    wall_node.kill()
    blocks = wall_node.blocks()

    wall_node.start()
    header = eventually(lambda: wall_node.get(f"/eth/v1/beacon/headers/{head}").json().get("data"), "it is back")

    assert header["canonical"] is True
    _assert_one_history(blocks, wall_node.blocks())
    started = time.monotonic()
    assert wall_node.stop() == 0
    assert time.monotonic() - started < 2
    assert "event=stopped" in wall_node.log


def test_a_second_node_on_the_same_folder_is_refused(node: NodeProcess, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", f"--data={node.folder / 'data'}", f"--engine={node.engines[0].url},{node.folder / 'jwt.hex'}"]
    assert main(arguments) == 3
    assert "another node is running" in capsys.readouterr().err


@pytest.fixture
def three_engines(engine: StubEngine) -> Iterator[list[StubEngine]]:
    others = [StubEngine(), StubEngine()]
    yield [engine, *others]
    for other in others:
        other.stop()


@pytest.fixture
def manual_node(tmp_path: Path, three_engines: list[StubEngine]) -> Iterator[NodeProcess]:
    """A short chain over two producers and a follower, on a manual clock."""
    *producers, follower = three_engines
    arguments = ["--clock=manual", "--anchor-epochs-behind=20", "--backfill-slots=16"]
    node = NodeProcess(tmp_path, producers, arguments, [follower]).start()
    eventually(lambda: "name=backfill" in node.log, "the chain is filled")
    yield node
    node.stop()


def test_engines_come_and_go_while_slots_pass(manual_node: NodeProcess, three_engines: list[StubEngine]) -> None:
    engine, _, follower = three_engines
    height = int(manual_node.metric("plumbline_beacon_head_execution_block"))

    engine.stop()  # the producer on which payloads are packed first
    manual_node.advance(slots=2)
    engine.forget_above(1)
    engine.start()
    manual_node.advance(slots=1)

    eventually(lambda: engine.height == height + 3, "the producer that lost blocks has them again")
    assert manual_node.metric("plumbline_beacon_missed_slots_total") == 0
    assert follower.calls == [], "a follower must not be driven to a chain too short for a snap sync"
