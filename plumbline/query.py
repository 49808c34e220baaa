"""The quick proof for people: peers and a rising block number, asked through the ingress without /etc/hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plumbline.components.kube import NotFound
from plumbline.core import wait
from plumbline.core.errors import ControlFailed, Unfit
from plumbline.stack import Stack

GETH_HOST = "api.oumla.local"
_RISES_WITHIN_S = 30.0  # two slots and a half


@dataclass(frozen=True)
class Answer:
    """What one endpoint answered to one JSON-RPC call."""

    host: str
    method: str
    value: int


def ask(stack: Stack) -> Iterator[Answer]:
    """Yield the answers one by one: peers, block number, and the block number once it has risen.

    Raises:
        Unfit: no endpoint is deployed.
        ControlFailed: an endpoint answers with an error.
        wait.Timeout: the block number does not rise.
    """
    try:
        way_in = stack.ingress.client(GETH_HOST)
    except (NotFound, LookupError):
        raise Unfit(f'no ingress serves {GETH_HOST} yet: bring it up with "make deploy-eth-local"') from None
    with way_in as client:
        yield Answer(GETH_HOST, "net_peerCount", _call(client, "net_peerCount"))
        first = _call(client, "eth_blockNumber")
        yield Answer(GETH_HOST, "eth_blockNumber", first)

        def risen() -> wait.Observation[int]:
            now = _call(client, "eth_blockNumber")
            return wait.Observation(now > first, now, f"{GETH_HOST} is at block {now}, as at the start")

        named = f"block number rises at {GETH_HOST}"
        last = wait.until(
            wait.poll(risen, every_s=0.5), named=named, within_s=_RISES_WITHIN_S, look="plumbline logs consensus"
        )
        yield Answer(GETH_HOST, "eth_blockNumber", last)


def _call(client: Any, method: str) -> int:
    answer = client.post("/", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
    if answer.status_code != 200 or "error" in answer.json():
        raise ControlFailed(f"{client.headers['host']} answers {method} with {answer.status_code}: {answer.text[:200]}")
    return int(answer.json()["result"], 16)
