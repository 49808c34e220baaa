"""Steady traffic counts every request, and tells those that were lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plumbline.components.entrance.reach import Door
from plumbline.components.entrance.traffic import Request, Tally, Traffic


@pytest.fixture
def seen() -> Iterator[tuple[Door, list[str]]]:
    """A server that answers every fifth request with 502, and the Host of each."""
    hosts: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hosts.append(self.headers["Host"])
            good = len(hosts) % 5
            self.send_response(200 if good else 502)
            self.end_headers()
            self.wfile.write(b'{"jsonrpc":"2.0","id":1,"result":"0x1"}' if good else b"Bad Gateway")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield Door("127.0.0.1", http=server.server_port), hosts
    server.shutdown()
    server.server_close()


def test_every_request_is_answered_or_lost(seen: tuple[Door, list[str]]) -> None:
    door, hosts = seen
    with Traffic("api.example.com", door, per_second=100).flowing(lead_s=0.3) as tally:
        pass

    assert set(hosts) == {"api.example.com"}
    assert tally.answered + len(tally.lost) == len(hosts) >= 20
    assert len(tally.lost) == len(hosts) // 5
    assert tally.lost[0].instead == "502 Bad Gateway"


def test_a_refused_connection_is_a_lost_request() -> None:
    with Traffic("api.example.com", Door("127.0.0.1", http=1), per_second=100).flowing(lead_s=0.05) as tally:
        pass

    assert tally.answered == 0
    assert "ConnectionRefusedError" in tally.lost[0].instead


def test_the_tally_shows_the_first_losses() -> None:
    lost, answered = [Request(36000 + n, 0.1, "502") for n in range(8)], [Request(36008, 0.25)] * 92
    tally = Tally("api.example.com", [*lost, *answered])

    assert str(tally).startswith("api.example.com: 8 of 100 requests lost; 10:00:00 502; ")
    assert str(tally).endswith("10:00:04 502; slowest answer 0.25 s")
