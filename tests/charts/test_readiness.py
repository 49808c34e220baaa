"""Who is sent clients: the program beside each Geth node."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import chartrender
import pytest

NOW, MAX_AGE_S = 1_700_000_000, 72.0


@pytest.fixture(scope="module")
def program() -> ModuleType:
    return chartrender.program("geth-node", "readiness")


def said(syncing: Any = False, age_s: int = 5) -> list[dict[str, Any]]:
    """What a node answers, the last call first."""
    head = {"number": "0x4d", "timestamp": hex(NOW - age_s)}
    return [{"id": 1, "result": head}, {"id": 0, "result": syncing}]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        pytest.param(said(), "", id="it serves"),
        pytest.param(said(age_s=72), "", id="just young enough"),
        pytest.param(said(age_s=73), "its head, block 77, is 73 s old, more than 72.0 s", id="nobody drives it"),
        pytest.param(said(age_s=-1), "", id="a clock that is behind"),
        pytest.param(said({"currentBlock": "0x0"}), 'it is synchronising: {"currentBlock": "0x0"}', id="synchronising"),
        pytest.param([{"id": 1, "result": None}, {"id": 0, "result": False}], "no answer to eth_syncing", id="no head"),
        pytest.param({"error": {"code": -32600}}, "no answer to eth_syncing", id="no batch"),
        pytest.param(said()[:1], "no answer to eth_syncing", id="half an answer"),
        pytest.param([{"id": 0, "error": {}}, {"id": 1}], "no answer to eth_syncing", id="errors"),
    ],
)
def test_a_node_serves_when_it_is_synchronised_and_its_head_is_recent(
    program: ModuleType, answers: Any, why: str
) -> None:
    reason = program.why_not(answers, NOW, MAX_AGE_S)

    assert reason.startswith(why)
    assert bool(reason) == bool(why)


def test_the_answer_follows_the_node(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program.time, "time", lambda: NOW)
    with node(said()) as rpc_port, serving(program.server(0, rpc_port, MAX_AGE_S)) as port:
        assert status(port) == (200, "it serves\n")
    with node(said(age_s=600)) as rpc_port, serving(program.server(0, rpc_port, MAX_AGE_S)) as port:
        assert status(port)[0] == 503
        assert "600 s old" in status(port)[1]


def test_a_node_that_does_not_answer_serves_nobody(program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PATIENCE_S", 0.1)
    with node(said(), hangs=True) as rpc_port, serving(program.server(0, rpc_port, MAX_AGE_S)) as port:
        assert status(port) == (503, "JSON-RPC does not answer: timed out\n")
    with serving(program.server(0, rpc_port, MAX_AGE_S)) as port:
        assert status(port)[1].startswith("JSON-RPC does not answer: [Errno 111]")


@contextmanager
def node(answers: Any, *, hangs: bool = False) -> Iterator[int]:
    """A node that says the same to everybody, or nothing at all; its port."""
    over = threading.Event()

    class Node(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if hangs:
                over.wait(10)
                return
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert [call["method"] for call in asked] == ["eth_syncing", "eth_getBlockByNumber"]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answers).encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Node)) as port:
        yield port
        over.set()


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def status(port: int) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
