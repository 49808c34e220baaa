"""An execution engine for tests: real HTTP, real JWT check, blocks that are linked and hashed but executed by nobody."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import socket
import threading
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from plumbline_beacon import network

JWT_SECRET = bytes(range(32))
ZERO_HASH = "0x" + "00" * 32


def genesis_block() -> dict[str, Any]:
    block = {
        "number": "0x0",
        "parentHash": ZERO_HASH,
        "miner": "0x" + "00" * 20,
        "stateRoot": "0x" + "11" * 32,
        "receiptsRoot": "0x" + "22" * 32,
        "logsBloom": "0x" + "00" * 256,
        "mixHash": ZERO_HASH,
        "gasLimit": hex(60_000_000),
        "gasUsed": "0x0",
        "timestamp": hex(network.GENESIS_TIME),
        "extraData": "0x",
        "baseFeePerGas": hex(10**9),
        "blobGasUsed": "0x0",
        "excessBlobGas": "0x0",
    }
    return {**block, "hash": digest(block)}


def digest(value: Any) -> str:
    return "0x" + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class StubEngine:
    """One engine. Tests may make it forget blocks, hate a block, or go away and come back on the same port."""

    def __init__(self) -> None:
        self.genesis = genesis_block()
        self.blocks: dict[str, dict[str, Any]] = {self.genesis["hash"]: self.genesis}
        self.canonical: list[str] = [self.genesis["hash"]]
        self.packing: dict[str, dict[str, Any]] = {}
        self.hated_numbers: set[int] = set()
        self.packs = True
        self.finalized: dict[str, Any] | None = None
        self.calls: list[tuple[str, Any]] = []
        self.port = 0
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.start()

    # ---- life

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = stub.answer(self.headers.get("Authorization", ""), json.loads(body))
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def __init__(self, *args: Any) -> None:
                self.open_sockets: set[Any] = set()
                super().__init__(*args)

            def process_request(self, request: Any, client_address: Any) -> None:
                self.open_sockets.add(request)
                super().process_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Go away as a killed process does: kept-alive connections break too."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for connection in self._server.open_sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server = None

    # ---- what tests do to it

    def forget_above(self, number: int) -> None:
        with self._lock:
            kept = self.canonical[: number + 1]
            self.canonical = kept
            self.blocks = {block_hash: self.blocks[block_hash] for block_hash in kept}
            self.packing = {}

    @property
    def height(self) -> int:
        return len(self.canonical) - 1

    # ---- the protocol

    def answer(self, authorization: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not token_is_good(authorization):
            return 401, {"error": "bad token"}
        method, params = request["method"], request["params"]
        with self._lock:
            self.calls.append((method, params))
            del self.calls[:-2000]
            result = {
                "eth_getBlockByNumber": self._block,
                "engine_newPayloadV4": self._new_payload,
                "engine_forkchoiceUpdatedV3": self._forkchoice_updated,
                "engine_getPayloadV5": self._get_payload,
            }[method](*params)
        if result is None and method != "eth_getBlockByNumber":
            return 200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -38001, "message": "Unknown payload"}}
        return 200, {"jsonrpc": "2.0", "id": 1, "result": result}

    def _block(self, tag: str, _: bool) -> dict[str, Any] | None:
        if tag == "finalized":
            return self.finalized
        number = self.height if tag == "latest" else int(tag, 16)
        return self.blocks[self.canonical[number]] if number <= self.height else None

    def _new_payload(self, payload: dict[str, Any], _hashes: Any, _parent_root: str, _requests: Any) -> dict[str, Any]:
        if int(payload["blockNumber"], 16) in self.hated_numbers:
            return {"status": "INVALID", "validationError": "missing trie node"}
        if payload["parentHash"] not in self.blocks:
            return {"status": "SYNCING"}
        block = {**payload, "number": payload["blockNumber"], "hash": payload["blockHash"]}
        self.blocks.setdefault(payload["blockHash"], block)
        return {"status": "VALID"}

    def _forkchoice_updated(self, state: dict[str, str], attributes: dict[str, Any] | None) -> dict[str, Any]:
        head = state["headBlockHash"]
        if head not in self.blocks:
            return {"payloadStatus": {"status": "SYNCING"}, "payloadId": None}
        above: list[str] = []  # the blocks of the new branch that are not canonical yet, highest first
        block = self.blocks[head]
        while self._canonical_at(int(block["number"], 16)) != block["hash"]:
            above.append(block["hash"])
            block = self.blocks[block["parentHash"]]
        self.canonical = self.canonical[: int(block["number"], 16) + 1] + above[::-1]
        payload_id = None
        if attributes is not None and self.packs:
            payload_id = digest([head, attributes])[:18]
            self.packing[payload_id] = self._pack(self.blocks[head], attributes)
            while len(self.packing) > 10:
                del self.packing[next(iter(self.packing))]
        return {"payloadStatus": {"status": "VALID"}, "payloadId": payload_id}

    def _canonical_at(self, number: int) -> str | None:
        return self.canonical[number] if number < len(self.canonical) else None

    @staticmethod
    def _pack(parent: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
        payload = {
            "parentHash": parent["hash"],
            "feeRecipient": attributes["suggestedFeeRecipient"].lower(),
            "stateRoot": digest([parent["hash"], "state"]),
            "receiptsRoot": "0x" + "22" * 32,
            "logsBloom": "0x" + "00" * 256,
            "prevRandao": attributes["prevRandao"],
            "blockNumber": hex(int(parent["number"], 16) + 1),
            "gasLimit": parent["gasLimit"],
            "gasUsed": "0x0",
            "timestamp": attributes["timestamp"],
            "extraData": "0x737475",
            "baseFeePerGas": parent["baseFeePerGas"],
            "transactions": ["0x02aa"],
            "withdrawals": attributes["withdrawals"],
            "blobGasUsed": "0x0",
            "excessBlobGas": "0x0",
        }
        return {**payload, "blockHash": digest(payload)}

    def _get_payload(self, payload_id: str) -> dict[str, Any] | None:
        payload = self.packing.get(payload_id)
        if payload is None:
            return None
        return {
            "executionPayload": payload,
            "blockValue": "0x0",
            "blobsBundle": {"commitments": [], "proofs": [], "blobs": []},
            "executionRequests": [],
            "shouldOverrideBuilder": False,
        }


def token_is_good(authorization: str) -> bool:
    header, claims, signature = authorization.removeprefix("Bearer ").split(".")
    expected = hmac.new(JWT_SECRET, f"{header}.{claims}".encode(), hashlib.sha256).digest()
    return urlsafe_b64decode(signature + "==") == expected
