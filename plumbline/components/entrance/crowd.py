"""Many requests at once, and a neighbour who only asks now and then: limits are tried by both."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.entrance.outside import Outside
from plumbline.core import shell

_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Crowd:
    """What many requests in a short time were answered.

    Attributes:
        host: the host that was asked for.
        statuses: how often each HTTP status came; 0 is "nothing came back".
        seconds: how long it took.
    """

    host: str
    statuses: Mapping[int, int]
    seconds: float

    def __str__(self) -> str:
        """Tell it as a line."""
        counts = ", ".join(f"{count} × {status or 'no answer'}" for status, count in sorted(self.statuses.items()))
        return f"{self.host}: {sum(self.statuses.values())} requests in {self.seconds:.1f} s: {counts}"


class Neighbour:
    """Another client, on a node of the cluster: it asks now and then, and has an address of its own."""

    def __init__(self, node_exec: Callable[..., shell.Result], host: str, address: str) -> None:
        """Name the way to the node, and what is asked there."""
        self._node_exec, self.host, self._address = node_exec, host, address
        self.heard = Crowd(host, {}, 0.0)

    @contextmanager
    def asking(self, times: int, per_second: int) -> Iterator[None]:
        """Ask while the block runs; what was answered is ``heard`` afterwards."""
        thread = threading.Thread(target=self._ask, args=(times, per_second), daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _ask(self, times: int, per_second: int) -> None:
        argv = ["curl", "--silent", "--max-time", "5", "--rate", f"{per_second}/s", "--header", f"Host: {self.host}"]
        argv += [
            "--output",
            "/dev/null",
            "--write-out",
            r"%{http_code}\n",
            f"http://{self._address}/#[1-{times}]",
        ]
        ended = self._node_exec(*argv, within_s=times / per_second + 30, check=False)
        statuses = Counter(int(line) for line in ended.stdout.split())
        self.heard = Crowd(self.host, dict(statuses), ended.seconds)


def send(client: Outside, requests: int, *, at_once: int = 8, within_s: float = 10.0) -> Crowd:
    """Send cheap requests as fast as they are answered, every second one in the name of another client.

    Args:
        client: to which host, and where it is.
        requests: how many.
        at_once: connections that share them.
        within_s: when to give up at the latest, in seconds.
    """
    statuses: Counter[int] = Counter()
    lock = threading.Lock()
    end = time.monotonic() + within_s

    def some(first: int) -> None:
        mine = Counter(_burst(client, range(first, requests, at_once), end))
        with lock:
            statuses.update(mine)

    start = time.monotonic()
    threads = [threading.Thread(target=some, args=(number,), daemon=True) for number in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Crowd(client.host, dict(statuses), time.monotonic() - start)


def _burst(client: Outside, numbers: range, end: float) -> Iterator[int]:
    """Yield the status of a request for each number, all over one connection: httpx would get fewer of them out."""
    connection = http.client.HTTPConnection(client.door.address, client.door.http, timeout=_PATIENCE_S)
    for turn, number in enumerate(numbers):
        if time.monotonic() > end:
            break
        try:
            connection.request("GET", "/", headers={"Host": client.host, **(_forged(number) if turn % 2 else {})})
            answer = connection.getresponse()
            answer.read()
            yield answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            yield 0
    connection.close()


def _forged(number: int) -> dict[str, str]:
    """Return headers by which a client claims to be another one, of a range that nobody has (TEST-NET-2, RFC 5737)."""
    other = f"198.51.100.{number % 250 + 1}"
    return {"X-Forwarded-For": other, "X-Real-IP": other}
