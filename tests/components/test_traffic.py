"""Steady traffic counts every request, and tells those that were lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plumbline.components import outside
from plumbline.components.traffic import Tally, Traffic


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The Host of each request to a server that answers every fifth one with 502."""
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
    monkeypatch.setattr(outside, "PORT", server.server_address[1])
    yield hosts
    server.shutdown()
    server.server_close()


def test_every_request_is_answered_or_lost(seen: list[str]) -> None:
    with Traffic("api.example.com", "127.0.0.1", per_second=100).flowing(lead_s=0.3) as tally:
        pass

    assert set(seen) == {"api.example.com"}
    assert tally.answered + len(tally.lost) == len(seen) >= 20
    assert len(tally.lost) == len(seen) // 5
    assert tally.lost[0].endswith("502 Bad Gateway")


def test_a_refused_connection_is_a_lost_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "PORT", 1)
    with Traffic("api.example.com", "127.0.0.1", per_second=100).flowing(lead_s=0.05) as tally:
        pass

    assert tally.answered == 0
    assert "ConnectionRefusedError" in tally.lost[0]


def test_the_tally_shows_the_first_losses() -> None:
    tally = Tally("api.example.com", [f"10:00:0{n} 502" for n in range(8)], answered=92, slowest_s=0.25)

    assert str(tally).startswith("api.example.com: 8 of 100 requests lost; 10:00:00 502; ")
    assert str(tally).endswith("10:00:04 502; slowest answer 0.25 s")
