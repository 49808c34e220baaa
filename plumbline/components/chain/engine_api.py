"""Whom an Engine API lets in: tokens, good and bad, shown to a node at its own port.

Source: execution-apis, engine/authentication.md: HS256 by the shared key, issued within 60 s of now.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.components.chain.answers import Answers
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import ENGINE_PORT, Geth

_PATIENCE_S = 5.0
_CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "engine_exchangeCapabilities", "params": [[]]})
_TOLERANCE_S = 60
_MARGIN_S = 15  # of whoever is slow, or of clocks that differ


@dataclass(frozen=True)
class Reply:
    """What the Engine API answered to a token."""

    status: int
    text: str

    @property
    def let_in(self) -> bool:
        """Whether it did what was asked."""
        return self.status == 200 and "result" in self.text

    def __str__(self) -> str:
        """Show status and text."""
        return f"{self.status} {self.text.strip()[:80]}"


def token(key: bytes, issued_at: float | None, algorithm: str = "HS256") -> str:
    """Return a JSON Web Token (RFC 7519) as the Engine API wants it, or with one thing wrong."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {} if issued_at is None else {"iat": int(issued_at)}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    signature = b"" if algorithm == "none" else hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encoded(signature)}"


def good(key: bytes, now: float) -> dict[str, str]:
    """Return tokens that must be accepted, by what they are."""
    within = _TOLERANCE_S - _MARGIN_S
    return {
        "a fresh token": token(key, now),
        f"one issued {within} s ago": token(key, now - within),
        f"one issued {within} s ahead": token(key, now + within),
    }


def bad(key: bytes, now: float) -> dict[str, str]:
    """Return tokens that must be refused, by what is wrong with them; an empty one is none at all."""
    beyond, fresh = _TOLERANCE_S + _MARGIN_S, token(key, now)
    return {
        "no token": "",
        "a forged signature": fresh[:-4] + ("AAAA" if fresh[-4:] != "AAAA" else "BBBB"),
        "no signature (alg none)": token(key, now, "none"),
        "a key of zeros": token(bytes(32), now),
        "another key": token(secrets.token_bytes(32), now),
        "no time of issue": token(key, None),
        f"one issued {beyond} s ago": token(key, now - beyond),
        f"one issued {beyond} s ahead": token(key, now + beyond),
    }


def shown(node: Geth, tokens: Mapping[str, str]) -> dict[str, Reply]:
    """Show tokens to a node's Engine API, and return its answer to each."""
    with node.kube.forward(NAMESPACE, f"pod/{node.name}", ENGINE_PORT) as address:
        return {kind: _ask(address, text) for kind, text in tokens.items()}


def told(wrong: Answers[dict[str, Reply]], expected: str) -> str:
    """Say which node answered which token in which way, where that was not as expected."""
    lines = []
    for node, answer in wrong.by_node.items():
        said = answer.value.items() if answer.value else ()
        shown = "; ".join(f"{kind}: {reply}" for kind, reply in said) or answer.error
        lines.append(f"{node}: {shown}")
    return "\n".join([f"{', '.join(wrong)}: expected {expected}", *lines])


def _ask(address: str, text: str) -> Reply:
    connection = http.client.HTTPConnection(address, timeout=_PATIENCE_S)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {text}"} if text else {})}
    try:
        connection.request("POST", "/", _CALL, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read().decode(errors="replace"))
    finally:
        connection.close()
