"""A client outside: what it makes of answers, a crowd of it, and what the controller's log says of its requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from plumbline.components.entrance import access_log, crowd
from plumbline.components.entrance.crowd import Crowd, Neighbour
from plumbline.components.entrance.limits import Limits, of_values
from plumbline.components.entrance.outside import Outside, Reply, open_ports
from plumbline.components.entrance.reach import Door

NOBODYS = Door("127.0.0.1", http=1)


class Limited(BaseHTTPRequestHandler):
    """Lets so many requests through, and remembers what it was told of its clients."""

    protocol_version = "HTTP/1.1"
    left: ClassVar[int] = 0
    hosts: ClassVar[set[str]] = set()
    forged: ClassVar[list[str]] = []
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_GET(self) -> None:
        with Limited.lock:
            Limited.left -= 1
            status = 200 if Limited.left >= 0 else 429
            Limited.hosts.add(self.headers["Host"])
            Limited.forged += self.headers.get_all("X-Forwarded-For", [])
        self._send(status, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, body)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def client() -> Iterator[Outside]:
    Limited.hosts, Limited.forged = set(), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Limited)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Outside("api.example", Door("127.0.0.1", http=server.server_port))
    server.shutdown()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{"jsonrpc":"2.0","id":1,"result":"0x1"}', (1, "0x1")),
        ('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}', (None, -32700)),
        ('[{"jsonrpc":"2.0","id":1,"result":null},{"jsonrpc":"2.0","id":2,"error":{"code":3}}]', [(1, None), (2, 3)]),
        ("", None),
        ("404 page not found", "404 page not found"),
        ('{"id":1,"result":"0x1"}', {"id": 1, "result": "0x1"}),
        ('{"jsonrpc":"2.0","id":1}', {"jsonrpc": "2.0", "id": 1}),
    ],
)
def test_an_outcome_is_what_a_client_may_rely_on(text: str, outcome: Any) -> None:
    assert Reply("api.example", "a call", 200, text).outcome == outcome


def test_silence_is_a_reply() -> None:
    reply = Outside("api.example", NOBODYS).get()

    assert reply.status == 0
    assert str(reply).startswith("api.example does not answer to GET /: ConnectError")


def test_a_crowd_is_counted_by_what_it_was_answered(client: Outside) -> None:
    Limited.left = 30

    answered = crowd.send(client, 80, at_once=4)

    assert answered.statuses == {200: 30, 429: 50}
    assert Limited.hosts == {"api.example"}
    assert len(set(Limited.forged)) == len(Limited.forged) == 40


def test_a_crowd_that_nobody_answers_is_told_as_such() -> None:
    answered = crowd.send(Outside("api.example", NOBODYS), 4, at_once=2)

    assert answered.statuses == {0: 4}
    assert "4 × no answer" in str(answered)


def test_a_neighbour_asks_beside_us() -> None:
    asked: list[tuple[str, ...]] = []

    def node_exec(*argv: str, within_s: float, check: bool) -> Any:
        asked.append(argv)
        return SimpleNamespace(stdout="200\n200\n429\n", seconds=0.3)

    other = Neighbour(node_exec, "api.example", "172.18.255.200")
    with other.asking(times=3, per_second=10):
        pass

    assert other.heard == Crowd("api.example", {200: 2, 429: 1}, 0.3)
    assert "Host: api.example" in asked[0]


def test_ports_that_take_connections_are_found(client: Outside) -> None:
    assert open_ports("127.0.0.1", [9, client.door.http]) == [client.door.http]


def test_the_controllers_log_tells_who_was_reached() -> None:
    def line(path: str, **more: Any) -> str:
        entry = {"RequestHost": "api.example", "RequestPath": path, "ClientHost": "172.18.0.1", "DownstreamStatus": 404}
        return json.dumps({**entry, **more})

    lines = [
        '{"level":"info","message":"mark-1 in something else"}',
        "no JSON mark-1",
        line("/x?mark-1"),
        line("/?mark-1", ServiceAddr="10.244.0.9:8545", RouterName="api", DownstreamStatus=200),
        line("/?mark-2"),
    ]

    refused, passed = access_log.read(lines, {"10.244.0.9": "geth-0", "": "a-new-pod"}, "mark-1")

    assert (refused.status, refused.backend) == (404, "")
    assert (passed.status, passed.backend, passed.router) == (200, "geth-0", "api")
    assert str(refused).endswith("passed to no backend")


@pytest.mark.parametrize(("size", "expected"), [("1m", 1 << 20), ("512k", 512 << 10), ("2G", 2 << 30), ("100", 100)])
def test_limits_are_read_as_the_chart_has_them(size: str, expected: int) -> None:
    assert of_values({"bodySize": size, "rps": 50, "burstMultiplier": 5}) == Limits(expected, 50, 250)
