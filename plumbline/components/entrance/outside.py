"""A client outside the cluster, in front of one host of the ingress: by HTTP, by JSON-RPC, by WebSocket."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from plumbline.components.entrance.reach import Door

_WITHIN_S = 10.0


def own_address(target: str) -> str:
    """Return this machine's address as a target on the network sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        unsent.connect((target, 80))
        return str(unsent.getsockname()[0])


def trusting(authority_pem: str) -> ssl.SSLContext:
    """Return the context of a client that trusts one authority and no other."""
    return ssl.create_default_context(cadata=authority_pem)


@dataclass(frozen=True)
class Reply:
    """What came back for a request.

    Attributes:
        host: the host that was asked for.
        asked: the request, in words.
        status: HTTP status; 0 where nothing came back at all.
        text: the body, or the reason why there is none.
        location: where the client is sent to; empty where it is not.
    """

    host: str
    asked: str
    status: int
    text: str
    location: str = ""

    def __str__(self) -> str:
        """Tell it as a line."""
        what = f"answers {self.status}" if self.status else "does not answer"
        return f"{self.host} {what} to {self.asked}: {self.text.strip()[:300] or '(nothing)'}"

    @property
    def outcome(self) -> Any:
        """What a JSON-RPC client may rely on: for each call (id, result) or (id, error code); free text is left out.

        A batch gives a list, an empty body None, anything that is no JSON-RPC the text itself.
        """
        if not self.text:
            return None
        try:
            said = json.loads(self.text)
        except ValueError:
            return self.text
        return [_outcome(one) for one in said] if isinstance(said, list) else _outcome(said)


def _outcome(one: Any) -> Any:
    """Return (id, result) or (id, error code) of a JSON-RPC response (https://www.jsonrpc.org/specification, section 5)."""
    if not isinstance(one, dict) or one.get("jsonrpc") != "2.0" or ("error" in one) == ("result" in one):
        return one
    return (one.get("id"), one["error"].get("code")) if "error" in one else (one.get("id"), one["result"])


def open_ports(address: str, ports: Iterable[int], within_s: float = 1.0) -> list[int]:
    """Return the ports of an address that take a TCP connection."""

    def takes(port: int) -> bool:
        try:
            socket.create_connection((address, port), timeout=within_s).close()
        except OSError:
            return False
        return True

    ports = list(ports)
    with ThreadPoolExecutor(len(ports)) as pool:
        return [port for port, open_ in zip(ports, pool.map(takes, ports), strict=True) if open_]


@dataclass
class Outside:
    """A client of one host, on this machine.

    Attributes:
        host: the host that it asks for.
        door: where it dials; no /etc/hosts is needed.
        authority_pem: the certificate of the one authority that it trusts; it speaks TLS where there is one.
    """

    host: str
    door: Door
    authority_pem: str = ""
    _clients: list[Any] = field(default_factory=list, repr=False)

    def ask(self, content: Any, *, path: str = "/") -> Reply:
        """Send a JSON-RPC call (or a batch of them) and return the answer; bytes are sent as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self._request("POST", path, body, _shown(body))

    def call(self, method: str, *, path: str = "/") -> Reply:
        """Call one JSON-RPC method without parameters."""
        return self.ask({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}, path=path)

    def get(self, path: str = "/", credentials: tuple[str, str] | None = None) -> Reply:
        """Get a path, with a user and a password where they are given (RFC 7617)."""
        return self._request("GET", path, None, f"GET {path}", credentials)

    def close(self) -> None:
        """Hang up."""
        while self._clients:
            self._clients.pop().close()

    @contextmanager
    def websocket(self) -> Iterator[Any]:
        """Open a WebSocket (a ``websockets`` connection) at the host.

        Raises:
            OSError, websockets.exceptions.WebSocketException: it cannot be opened, or breaks.
        """
        from websockets.sync.client import connect  # noqa: PLC0415

        dialled = socket.create_connection((self.door.address, self.door.http), timeout=_WITHIN_S)
        with connect(f"ws://{self.host}/", sock=dialled, open_timeout=_WITHIN_S, proxy=None) as connection:
            yield connection

    @cached_property
    def _client(self) -> Any:
        import httpx  # noqa: PLC0415

        secured = bool(self.authority_pem)
        client = httpx.Client(
            base_url=self.door.url(secured=secured),
            headers={"host": self.host},
            timeout=_WITHIN_S,
            trust_env=False,
            verify=trusting(self.authority_pem) if secured else True,
        )
        self._clients.append(client)
        return client

    def _request(
        self, method: str, path: str, body: bytes | None, asked: str, credentials: tuple[str, str] | None = None
    ) -> Reply:
        import httpx  # noqa: PLC0415

        headers = {"content-type": "application/json"} if body else {}
        try:
            answer = self._client.request(
                method, path, content=body, headers=headers, auth=credentials, extensions={"sni_hostname": self.host}
            )
        except httpx.TransportError as error:
            return Reply(self.host, asked, 0, f"{type(error).__name__}: {error}")
        return Reply(self.host, asked, answer.status_code, answer.text, answer.headers.get("location", ""))


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= 120 else f"{len(body)} bytes"
