"""A beacon node as its own process over stub engines, and how tests talk to it."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from plumbline_beacon import network
from stub_engine import JWT_SECRET, StubEngine

TOKEN = "token-of-the-tests-0123456789"
HTTP = httpx.Client(timeout=10)  # one for all: making a client costs more than what the tests ask
_PAUSE = threading.Event()


def eventually[T](look: Callable[[], T | bool | None], named: str, within_s: float = 20.0) -> T:
    """Return the first truthy value of `look`; failed requests and a database that is not there yet count as not yet."""
    deadline, last = time.monotonic() + within_s, None
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found  # type: ignore[return-value]
            last = found
        except (httpx.HTTPError, sqlite3.OperationalError) as error:
            last = error
        _PAUSE.wait(0.02)
    raise AssertionError(f"{named}: not within {within_s} s; last: {last!r}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def epochs_behind_for_a_period_change() -> int:
    """Return where to anchor so that a sync-committee period ends 12 epochs later, and the tests have room after it."""
    now, per_period = network.epoch_of(network.slot_at(time.time())), network.EPOCHS_PER_SYNC_COMMITTEE_PERIOD
    since_change = now % per_period
    return since_change + 12 + (per_period if since_change < 100 else 0)


@dataclass
class NodeProcess:
    """`python -m plumbline_beacon run` with a data folder that outlives it."""

    folder: Path
    engines: Sequence[StubEngine]
    arguments: Sequence[str] = ()
    followers: Sequence[StubEngine] = ()
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    control_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> NodeProcess:
        jwt, token = self.folder / "jwt.hex", self.folder / "token"
        jwt.write_text("0x" + JWT_SECRET.hex())
        token.write_text(TOKEN + "\n")
        engines = [f"--engine={engine.url},{jwt}" for engine in self.engines]
        engines += [f"--engine={engine.url},{jwt},follower" for engine in self.followers]
        ports = [f"--port={self.port}", f"--metrics-port={self.metrics_port}", f"--control-port={self.control_port}"]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "plumbline_beacon", "run", f"--data={self.folder / 'data'}"),
                *engines,
                *ports,
                f"--control-token-file={token}",
                *self.arguments,
            ],
            stderr=self.log_file.open("ab"),
        )
        return self

    @property
    def log_file(self) -> Path:
        return self.folder / "node.log"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(5)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(10)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return HTTP.get(f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def data(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def control(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> httpx.Response:
        url = f"http://127.0.0.1:{self.control_port}{path}"
        return HTTP.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})

    def metric(self, name: str) -> float:
        """Return a metric by its name and labels, as they are written."""
        return next(float(line.split()[-1]) for line in self.metrics.splitlines() if line.startswith(name + " "))

    @property
    def metrics(self) -> str:
        return HTTP.get(f"http://127.0.0.1:{self.metrics_port}/metrics").text

    @property
    def head_slot(self) -> int:
        return int(self.data("/eth/v1/beacon/headers/head")["header"]["message"]["slot"])

    @property
    def finalized_epoch(self) -> int:
        return int(self.data("/eth/v1/beacon/states/head/finality_checkpoints")["finalized"]["epoch"])

    def clock(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "/clock").json()
        return found

    def wait_ready(self) -> None:
        eventually(lambda: self.get("/eth/v1/node/health").status_code == 200, "the node is ready", 40)

    def advance(self, **order: int) -> int:
        """Advance the manual clock, wait until its slots are processed, return the clock's slot."""
        answer = self.control("POST", "/advance", order)
        assert answer.status_code == 200, answer.text
        slot = int(answer.json()["slot"])
        eventually(lambda: self.clock()["processed_slot"] == slot, f"slot {slot} is processed")
        return slot

    def blocks(self) -> list[tuple[int, bytes, bytes]]:
        """Return slot, root and parent of every block that was ever stored."""
        with sqlite3.connect(self.folder / "data" / "beacon.sqlite") as db:
            return db.execute("SELECT slot, root, parent FROM blocks ORDER BY slot").fetchall()

    def votes(self) -> dict[int, bytes]:
        """Return the votes that were stored, by slot."""
        with sqlite3.connect(self.folder / "data" / "beacon.sqlite") as db:
            return dict(db.execute("SELECT slot, ssz FROM votes").fetchall())
