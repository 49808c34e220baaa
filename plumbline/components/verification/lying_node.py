"""The program of a lying execution node: it passes JSON-RPC on to an honest one, and alters what comes back, one lie at a time.

It runs in a pod with nothing but Python's own library: ``python3 lying_node.py UPSTREAM_URL RPC_PORT CONTROL_PORT [LIE]``.
"""

from __future__ import annotations

import json
import sys
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_WITHIN_S = 10.0
Alter = Callable[[Any], Any]


def more(quantity: str) -> str:
    """Return a quantity that is one more."""
    return hex(int(quantity, 16) + 1)


def other(data: str) -> str:
    """Return bytes whose last bit is another one, or some where there are none."""
    return f"{data[:-1]}{int(data[-1], 16) ^ 1:x}" if data != "0x" else "0x00"


def with_(key: str, alter: Alter) -> Alter:
    """Return what alters an object's value at a key, or each of a list of objects."""

    def apply(result: Any) -> Any:
        if isinstance(result, list):
            return [apply(one) for one in result]
        return {**result, key: alter(result[key])} if key in result else result

    return apply


def last(alter: Alter) -> Alter:
    """Return what alters a list's last element."""
    return lambda found: [*found[:-1], alter(found[-1])]


def failed(status: str) -> str:
    """Return the other status of a transaction."""
    return "0x0" if status == "0x1" else "0x1"


LIES: dict[str, dict[str, Alter]] = {
    "balance": {"eth_getProof": with_("balance", more), "eth_getBalance": more},
    "nonce": {"eth_getProof": with_("nonce", more), "eth_getTransactionCount": more},
    "code": {"eth_getCode": other},
    "storage": {"eth_getProof": with_("storageProof", with_("value", more)), "eth_getStorageAt": other},
    "proof": {"eth_getProof": with_("accountProof", last(other))},
    "block": dict.fromkeys(("eth_getBlockByNumber", "eth_getBlockByHash"), with_("gasUsed", more)),
    "receipt": dict.fromkeys(("eth_getTransactionReceipt", "eth_getBlockReceipts"), with_("status", failed)),
    "logs": {"eth_getLogs": with_("data", other)},
}
"""What each lie makes of the results of which methods: of proofs, for who asks for them, and of bare answers."""


def altered(lie: str, method: str, result: Any) -> Any:
    """Return a method's result as a lie has it; what is not there cannot be altered."""
    alter = LIES.get(lie, {}).get(method)
    return alter(result) if alter and result else result


class Liar:
    """What is told now, and how often it was."""

    def __init__(self, upstream: str, lie: str = "") -> None:
        """Name the honest node, and the lie to begin with."""
        self.upstream, self.lie, self.told = upstream, lie, 0

    def answer(self, body: bytes) -> bytes:
        """Pass a request on, and return the answer, altered."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.upstream, body, headers)  # noqa: S310  (an http URL of ours)
        with urllib.request.urlopen(request, timeout=_WITHIN_S) as honest:  # noqa: S310
            said = json.load(honest)
        asked = json.loads(body)
        methods = {call["id"]: call["method"] for call in (asked if isinstance(asked, list) else [asked])}
        for one in said if isinstance(said, list) else [said]:
            self._spoil(methods[one["id"]], one)
        return json.dumps(said).encode()

    def _spoil(self, method: str, answer: Any) -> None:
        honest = answer.get("result")
        if honest is not None:
            answer["result"] = altered(self.lie, method, honest)
            self.told += answer["result"] != honest


def handler(respond: Callable[[BaseHTTPRequestHandler, bytes], bytes]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers each request by a function of itself and its body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = respond(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def serve(liar: Liar, rpc_port: int, control_port: int) -> None:
    """Serve both ports, for ever: JSON-RPC, and the control port, which is told the lie in the path ("/" is the truth)."""

    def control(request: BaseHTTPRequestHandler, _: bytes) -> bytes:
        if request.command == "POST":
            liar.lie, liar.told = request.path.lstrip("/"), 0
        return json.dumps({"lie": liar.lie, "told": liar.told}).encode()

    controlled = ThreadingHTTPServer(("", control_port), handler(control))
    threading.Thread(target=controlled.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", rpc_port), handler(lambda _, body: liar.answer(body))).serve_forever()


if __name__ == "__main__":
    serve(Liar(sys.argv[1], *sys.argv[4:]), int(sys.argv[2]), int(sys.argv[3]))
