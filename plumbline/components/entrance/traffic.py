"""Steady traffic from outside the cluster: every request is counted, and one without its answer is lost.

Each request has a connection of its own. On one that is kept, a server that ends may close it at the very moment at which the
next request is sent; clients must be ready to send that again (RFC 9112, section 9.3.1), so it would prove nothing.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plumbline.components.entrance.reach import Door

_PATIENCE_S = 10.0
_CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})
_SHOWN = 5


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        at: when it was sent (seconds since the Unix epoch).
        took_s: how long it waited, in seconds.
        instead: what came instead of its answer; empty where that came.
    """

    at: float
    took_s: float
    instead: str = ""

    def __str__(self) -> str:
        """Tell the time of day (UTC), and what came instead."""
        return f"{datetime.fromtimestamp(self.at, UTC):%H:%M:%S} {self.instead}"


@dataclass
class Tally:
    """What became of the requests.

    Attributes:
        host: the host that was asked for.
        requests: all of them, in the order in which they ended.
    """

    host: str
    requests: list[Request] = field(default_factory=list)

    @property
    def lost(self) -> list[Request]:
        """Those without their answer."""
        return [request for request in self.requests if request.instead]

    @property
    def answered(self) -> int:
        """How many had theirs."""
        return len(self.requests) - len(self.lost)

    @property
    def slowest_s(self) -> float:
        """The longest that one waited for it, in seconds."""
        return max((request.took_s for request in self.requests if not request.instead), default=0.0)

    def __str__(self) -> str:
        """Tell it in a line, with the first of those that were lost."""
        told = f"{self.host}: {len(self.lost)} of {len(self.requests)} requests lost"
        slowest = f"; slowest answer {self.slowest_s:.2f} s" if self.answered else ""
        return "; ".join([told, *map(str, self.lost[:_SHOWN])]) + slowest


class Traffic:
    """Clients of one host that ask all the time."""

    def __init__(self, host: str, door: Door, *, per_second: int = 20, clients: int = 4) -> None:
        """Name whom they ask, and how often, all together.

        Args:
            host: the host behind the ingress.
            door: where it is dialled.
            per_second: requests a second, below what one client may send.
            clients: how many share them, so that a slow answer delays no other request.
        """
        self._host, self._door = host, door
        self._every_s, self._clients = clients / per_second, clients
        self._enough = threading.Event()
        self.tally = Tally(host)

    @contextmanager
    def flowing(self, *, lead_s: float = 1.0) -> Iterator[Tally]:
        """Send while the block runs, and for a moment before and after it; the tally is complete after the block."""
        threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(self._clients)]
        for thread in threads:
            thread.start()
            self._enough.wait(self._every_s / self._clients)
        try:
            self._enough.wait(lead_s)
            yield self.tally
            self._enough.wait(lead_s)
        finally:
            self._enough.set()
            for thread in threads:
                thread.join(_PATIENCE_S)

    def _ask(self) -> None:
        while not self._enough.is_set():
            at, start = time.time(), time.monotonic()
            instead, took_s = self._one(), time.monotonic() - start
            self.tally.requests.append(Request(at, took_s, instead))
            self._enough.wait(max(0.0, self._every_s - took_s))

    def _one(self) -> str:
        """Send one request, and return what came instead of its answer, empty where that came."""
        connection = http.client.HTTPConnection(self._door.address, self._door.http, timeout=_PATIENCE_S)
        try:
            connection.request("POST", "/", _CALL, {"Host": self._host, "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return "" if answer.status == 200 and '"result"' in text else f"{answer.status} {text.strip()[:100]}"
