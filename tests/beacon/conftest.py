"""Nodes over stub engines. The shared node's clock is manual: tests advance it, and leave no fault behind."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # beacontest.py and stub_engine.py

if TYPE_CHECKING:
    from beacontest import NodeProcess
    from stub_engine import StubEngine


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """The program sends the log to its own standard error, which in a test is gone afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def engine() -> Iterator["StubEngine"]:
    from stub_engine import StubEngine

    stub = StubEngine()
    yield stub
    stub.stop()


@pytest.fixture(scope="session")
def shared_engine() -> Iterator["StubEngine"]:
    from stub_engine import StubEngine

    stub = StubEngine()
    yield stub
    stub.stop()


@pytest.fixture(scope="session")
def shared_follower() -> Iterator["StubEngine"]:
    from stub_engine import StubEngine

    stub = StubEngine()
    yield stub
    stub.stop()


@pytest.fixture(scope="session")
def _shared_node(
    tmp_path_factory: pytest.TempPathFactory, shared_engine: "StubEngine", shared_follower: "StubEngine"
) -> Iterator["NodeProcess"]:
    from beacontest import NodeProcess, epochs_behind_for_a_period_change

    arguments = ["--clock=manual", f"--anchor-epochs-behind={epochs_behind_for_a_period_change()}"]
    node = NodeProcess(tmp_path_factory.mktemp("node"), [shared_engine], arguments, [shared_follower]).start()
    node.wait_ready()
    yield node
    node.stop()


@pytest.fixture
def node(_shared_node: "NodeProcess") -> Iterator["NodeProcess"]:
    """The shared node, with all faults healed before and after."""
    yield _shared_node
    for audience in ("", "/for/helios"):
        _shared_node.control("DELETE", f"{audience}/faults")
