"""The lying execution node: each lie alters what it says, and nothing else."""

from __future__ import annotations

import copy
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from plumbline.components.verification.lying_node import LIES, Liar, altered, handler

HONEST: dict[str, Any] = {
    "eth_getBalance": "0x10",
    "eth_getTransactionCount": "0x0",
    "eth_getCode": "0x6001",
    "eth_getStorageAt": "0x" + "0" * 64,
    "eth_getProof": {
        "balance": "0x10",
        "nonce": "0x1",
        "accountProof": ["0xf8", "0xf9"],
        "storageProof": [{"key": "0x0", "value": "0x5", "proof": ["0xe1"]}],
    },
    "eth_getBlockByNumber": {"number": "0x7", "gasUsed": "0x5208"},
    "eth_getBlockByHash": {"number": "0x7", "gasUsed": "0x5208"},
    "eth_getTransactionReceipt": {"status": "0x1"},
    "eth_getBlockReceipts": [{"status": "0x1"}, {"status": "0x0"}],
    "eth_getLogs": [{"data": "0x2a"}],
}


@pytest.mark.parametrize(("lie", "method"), [(lie, method) for lie, methods in LIES.items() for method in methods])
def test_a_lie_alters_what_it_is_about(lie: str, method: str) -> None:
    honest = copy.deepcopy(HONEST[method])

    said = altered(lie, method, honest)

    assert said != HONEST[method]
    assert honest == HONEST[method], "the honest answer itself is as it was"


def test_where_there_are_no_bytes_there_are_some() -> None:
    assert altered("code", "eth_getCode", "0x") == "0x00"


def test_other_methods_and_nothing_at_all_stay_what_they_are() -> None:
    assert altered("balance", "eth_getCode", "0x6001") == "0x6001"
    assert altered("code", "eth_getCode", None) is None
    assert altered("logs", "eth_getLogs", []) == []
    assert altered("", "eth_getBalance", "0x10") == "0x10"


@pytest.fixture
def upstream() -> Iterator[str]:
    """An honest node."""

    def respond(_: object, body: bytes) -> bytes:
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        said = [{"jsonrpc": "2.0", "id": call["id"], "result": HONEST[call["method"]]} for call in calls]
        return json.dumps(said if isinstance(asked, list) else said[0]).encode()

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(respond))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_single_calls_and_batches_are_lied_about_and_counted(upstream: str) -> None:
    liar = Liar(upstream, "balance")
    balance, code = ({"id": n, "method": method} for n, method in enumerate(("eth_getBalance", "eth_getCode")))

    single = json.loads(liar.answer(json.dumps(balance).encode()))
    batch = json.loads(liar.answer(json.dumps([code, balance]).encode()))

    assert single["result"] == "0x11"
    assert [one["result"] for one in batch] == ["0x6001", "0x11"]
    assert liar.told == 2


def test_the_control_answers_a_probe(upstream: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(upstream, b'{"id": 1, "method": "eth_getBalance"}')) as answer:
        assert json.load(answer)["result"] == "0x10"
