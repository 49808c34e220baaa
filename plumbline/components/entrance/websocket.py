"""JSON-RPC by WebSocket: calls, and subscriptions (https://geth.ethereum.org/docs/interacting-with-geth/rpc/pubsub)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.components.entrance.outside import Outside, Reply
from plumbline.core import wait

_SWITCHED = 101  # the HTTP status of a connection that became a WebSocket
_WITHIN_S = 10.0


@dataclass(frozen=True)
class Heard:
    """What a subscription gave.

    Attributes:
        host: the host that it was made at.
        heads: the headers that came, in their order.
        seconds: how long after the start of its slot each of them came.
        ended: whether the end of the subscription was confirmed.
        error: why there are not more heads; empty where all came.
    """

    host: str
    heads: Sequence[dict[str, Any]]
    seconds: Sequence[float]
    ended: bool
    error: str = ""

    @property
    def numbers(self) -> list[int]:
        """Numbers of the blocks."""
        return [int(head["number"], 16) for head in self.heads]

    def __str__(self) -> str:
        """Tell it as a line."""
        pairs = zip(self.numbers, self.seconds, strict=True)
        came = ", ".join(f"{number} ({late:.1f} s into its slot)" for number, late in pairs)
        return f"ws://{self.host}/ sent heads: {came or 'none'}" + (f"; {self.error}" if self.error else "")


def new_heads(client: Outside, count: int, within_s: float) -> Heard:
    """Subscribe to new heads, wait for some, and end the subscription.

    Args:
        client: where.
        count: how many heads are waited for.
        within_s: how long, in seconds.
    """
    from websockets.exceptions import WebSocketException  # noqa: PLC0415

    heads: list[dict[str, Any]] = []
    late: list[float] = []
    deadline = wait.Deadline(within_s)
    try:
        with client.websocket() as connection:
            connection.send(_call(1, "eth_subscribe", "newHeads"))
            subscription = _answer(connection, 1, deadline)["result"]
            while len(heads) < count:
                head = json.loads(connection.recv(deadline.left_s))["params"]["result"]
                heads.append(head)
                late.append(time.time() - int(head["timestamp"], 16))
            connection.send(_call(2, "eth_unsubscribe", subscription))
            ended = _answer(connection, 2, deadline).get("result") is True
            return Heard(client.host, heads, late, ended)
    except TimeoutError:
        return Heard(client.host, heads, late, ended=False, error=f"nothing more came within {within_s:.0f} s")
    except (OSError, WebSocketException, LookupError, ValueError) as error:
        return Heard(client.host, heads, late, ended=False, error=f"{type(error).__name__}: {error}")


def calls(client: Outside, methods: Iterable[str]) -> list[Reply]:
    """Call methods without parameters over one WebSocket and return the answer to each."""
    from websockets.exceptions import WebSocketException  # noqa: PLC0415

    host, replies = f"ws://{client.host}", []
    deadline = wait.Deadline(_WITHIN_S)
    try:
        with client.websocket() as connection:
            for number, method in enumerate(methods):
                connection.send(_call(number, method))
                said = _answer(connection, number, deadline)
                replies.append(Reply(host, method, _SWITCHED, json.dumps(said)))
    except (OSError, WebSocketException, ValueError) as error:
        replies.append(Reply(host, "the WebSocket", 0, f"{type(error).__name__}: {error}"))
    return replies


def _call(identity: int, method: str, *params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": list(params)})


def _answer(connection: Any, identity: int, deadline: wait.Deadline) -> dict[str, Any]:
    """Return the response to a call; heads that come in between are passed over."""
    while True:
        said: dict[str, Any] = json.loads(connection.recv(deadline.left_s))
        if said.get("id") == identity:
            return said
