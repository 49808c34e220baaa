"""Runs on the node with nothing but the standard library: looks into network namespaces, and tries connections from all at once.

A socket belongs to the namespace in which it was made, for good: one process can hold those of every pod. It gets its orders as
JSON on the command line and answers as JSON. Orders::

    {"sources": {"ethereum/geth-0": "<id of a container>", "node": ""}, "targets": [["10.244.0.3", 8545, "TCP"]], "within_s": 3}

The answer tells what listens in each namespace, which targets could be reached from it (by their place in the list), and
which sources have no process any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

_NODE = 1  # its init, in whose network namespace the node is
_LISTEN = "0A"  # TCP_LISTEN of the kernel's include/net/tcp_states.h, as /proc/net/tcp shows it
_AGAIN_S = 0.7  # a question by UDP may get lost
# RFC 1035: the A record of kubernetes.default.svc.cluster.local; any answer will do.
_QUESTION = (
    b"\x12\x34\x01\x00\x00\x01"
    + bytes(6)
    + b"\nkubernetes\x07default\x03svc\x07cluster\x05local"
    + b"\x00\x00\x01\x00\x01"
)


class Attempt:
    """One connection that is tried, from the namespace that the process is in when it is made."""

    def __init__(self, source: str, index: int, address: str, port: int, protocol: str) -> None:
        """Begin to connect; nothing is waited for."""
        self.source, self.index, self.udp, self.open = source, index, protocol == "UDP", False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if self.udp else socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.connect_ex((address, port))
        if self.udp:
            self.ask()

    def ask(self) -> None:
        """Send a question, if this is a way of asking."""
        if self.udp:
            with contextlib.suppress(OSError):
                self.socket.send(_QUESTION)

    def settle(self) -> bool:
        """Look at what came of it; return whether that is final."""
        if not self.udp:
            self.open = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            return True
        try:
            self.open = bool(self.socket.recv(512))
        except OSError:  # refused this time; it is asked again
            return False
        return self.open


def try_all(attempts: list[Attempt], within_s: float) -> None:
    """Wait for what comes of all attempts, at most ``within_s`` seconds; what is not open then is closed."""
    poll = select.epoll()
    pending = {attempt.socket.fileno(): attempt for attempt in attempts}
    for number, attempt in pending.items():
        poll.register(number, select.EPOLLIN if attempt.udp else select.EPOLLOUT)
    end, again = time.monotonic() + within_s, time.monotonic() + _AGAIN_S
    while pending and (now := time.monotonic()) < end:
        for number, _ in poll.poll(min(end, again) - now if again > now else 0):
            if pending[number].settle():
                poll.unregister(number)
                del pending[number]
        if time.monotonic() >= again:
            again += _AGAIN_S
            for attempt in pending.values():
                attempt.ask()


def listeners(table: str, v6: bool) -> Iterator[int]:
    """Yield the ports that take connections from elsewhere, from the text of /proc/net/tcp or tcp6."""
    for line in table.splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state == _LISTEN and not _loopback(address, v6):
            yield int(port, 16)


def _loopback(shown: str, v6: bool) -> bool:
    """Whether an address is one of the loopback; the kernel shows words of 32 bits in the machine's own order."""
    raw = bytes.fromhex(shown)
    words = [raw[at : at + 4][:: -1 if sys.byteorder == "little" else 1] for at in range(0, len(raw), 4)]
    found = ip_address(b"".join(words)) if v6 else ip_address(words[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found.is_loopback or (mapped is not None and mapped.is_loopback)


def _processes() -> dict[str, int]:
    """Return the process of each container of Kubernetes, by its id."""
    argv = ["ctr", "--namespace", "k8s.io", "tasks", "ls"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()[1:]]
    return {row[0]: int(row[1]) for row in rows if row[2] == "RUNNING"}


def _listening() -> list[int]:
    """Return the ports that take TCP connections in the namespace that this process is in."""
    here = Path("/proc/thread-self/net")
    found = {port for name in ("tcp", "tcp6") for port in listeners((here / name).read_text(), name == "tcp6")}
    return sorted(found)


def main(orders: dict[str, Any]) -> dict[str, Any]:
    """Carry out the orders."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    processes = _processes()
    attempts: list[Attempt] = []
    listening, gone = {}, []
    for source, container in orders["sources"].items():
        process = processes.get(container) if container else _NODE
        try:
            namespace = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
        except OSError:
            gone.append(source)
            continue
        os.setns(namespace, os.CLONE_NEWNET)
        os.close(namespace)
        listening[source] = _listening()
        attempts += [Attempt(source, index, *target) for index, target in enumerate(orders["targets"])]
    try_all(attempts, orders["within_s"])
    reached: dict[str, list[int]] = {source: [] for source in listening}
    for attempt in attempts:
        if attempt.open:
            reached[attempt.source].append(attempt.index)
    return {"listening": listening, "reached": reached, "gone": gone}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
