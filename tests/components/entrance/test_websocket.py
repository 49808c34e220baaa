"""Subscriptions and calls by WebSocket, against a node in miniature."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from plumbline.components.entrance import websocket
from plumbline.components.entrance.outside import Outside
from plumbline.components.entrance.reach import Door

HEADS = 2


def node(connection: ServerConnection) -> None:
    """Know newHeads, send some of them, and refuse every other method."""
    for message in connection:
        call = json.loads(message)
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        match call["method"]:
            case "eth_subscribe":
                connection.send(json.dumps({**answer, "result": "0xabc"}))
                for number in range(HEADS):
                    head = {"number": hex(number), "timestamp": "0x0"}
                    said = {"subscription": "0xabc", "result": head}
                    connection.send(json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": said}))
            case "eth_unsubscribe":
                connection.send(json.dumps({**answer, "result": True}))
            case _:
                connection.send(json.dumps({**answer, "error": {"code": -32601, "message": "no such method"}}))


@pytest.fixture
def client() -> Iterator[Outside]:
    with serve(node, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Outside("api.example", Door("127.0.0.1", http=server.socket.getsockname()[1]))
        server.shutdown()


def test_heads_are_counted_and_the_end_is_confirmed(client: Outside) -> None:
    heard = websocket.new_heads(client, count=2, within_s=5)

    assert heard.numbers == [0, 1]
    assert heard.ended
    assert not heard.error


def test_heads_that_do_not_come_are_an_answer_too(client: Outside) -> None:
    heard = websocket.new_heads(client, count=3, within_s=0.3)

    assert heard.numbers == [0, 1]
    assert "nothing more came within" in str(heard)


def test_a_host_that_is_not_there_is_told() -> None:
    heard = websocket.new_heads(Outside("api.example", Door("127.0.0.1", http=1)), count=1, within_s=1)

    assert str(heard) == "ws://api.example/ sent heads: none; ConnectionRefusedError: [Errno 111] Connection refused"


def test_calls_are_answered_one_by_one(client: Outside) -> None:
    replies = websocket.calls(client, ["admin_peers", "eth_unsubscribe"])

    assert [reply.outcome for reply in replies] == [(0, -32601), (1, True)]
    assert str(replies[0]).startswith("ws://api.example answers 101 to admin_peers")
