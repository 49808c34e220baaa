"""The program that probes: what listens, what answers, and what does neither."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from plumbline.components.isolation.prober import Attempt, listeners, try_all

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0F9F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1
   1: 00000000:2161 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1
   2: 0300F40A:2161 0400F40A:8000 01 00000000:00000000 00:00000000 00000000  1000        0 3 1
   3: 0300F40A:17AC 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4 1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt
   0: 00000000000000000000000000000000:2149 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
   1: 00000000000000000000000001000000:2150 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
   2: 0000000000000000FFFF00000100007F:2151 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
"""


def test_listeners_are_those_that_others_can_reach() -> None:
    assert sorted(listeners(TCP, v6=False)) == [6060, 8545]
    assert list(listeners(TCP6, v6=True)) == [8521]


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def name_server() -> Iterator[int]:
    """A server that answers the second question: the first one got lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer() -> None:
            server.recvfrom(512)
            _, asker = server.recvfrom(512)
            server.sendto(b"an answer", asker)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_what_listens_is_open_and_what_does_not_is_closed(listener: int, name_server: int) -> None:
    targets = [(listener, "TCP"), (name_server, "UDP"), (unused(), "TCP"), (unused(), "UDP")]
    attempts = [Attempt("here", at, "127.0.0.1", port, protocol) for at, (port, protocol) in enumerate(targets)]

    try_all(attempts, within_s=2)

    assert [attempt.open for attempt in attempts] == [True, True, False, False]


def test_nothing_to_try_takes_no_time() -> None:
    try_all([], within_s=60)
