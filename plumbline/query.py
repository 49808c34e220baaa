"""The quick proof for people: peers and a rising block number, asked through the ingress without /etc/hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from plumbline.components import light_client
from plumbline.core import wait
from plumbline.core.errors import ControlFailed, Unfit
from plumbline.kube.transport import NotFound
from plumbline.stack import Stack

GETH_HOST, HELIOS_HOST = "api.oumla.local", light_client.HOST
_RISES_WITHIN_S = 30.0  # two slots and a half


@dataclass(frozen=True)
class Answer:
    """What one endpoint answered to one JSON-RPC call."""

    host: str
    method: str
    value: int


def ask(stack: Stack) -> Iterator[Answer]:
    """Yield the answers one by one: Geth's peers, and of each endpoint the block number, and again once it has risen.

    Raises:
        Unfit: no endpoint is deployed.
        ControlFailed: an endpoint answers with an error.
        wait.Timeout: the block number does not rise.
    """
    with ExitStack() as opened:
        clients = {host: opened.enter_context(client) for host, client in _ways_in(stack).items()}
        yield Answer(GETH_HOST, "net_peerCount", _call(clients[GETH_HOST], "net_peerCount"))
        first = {}
        for host, client in clients.items():
            first[host] = _call(client, "eth_blockNumber")
            yield Answer(host, "eth_blockNumber", first[host])
        for host, client in clients.items():
            yield Answer(host, "eth_blockNumber", _risen(client, host, first[host]))


def _ways_in(stack: Stack) -> dict[str, Any]:
    """Return a client for each endpoint that is deployed."""
    try:
        hosts = [host for host in (GETH_HOST, HELIOS_HOST) if host in stack.ingress.hosts()]
        clients = {host: stack.ingress.client(host) for host in hosts}
    except (NotFound, LookupError):
        clients = {}
    if GETH_HOST not in clients:
        raise Unfit(f'no ingress serves {GETH_HOST} yet: bring it up with "make deploy-eth-local"')
    return clients


def _risen(client: Any, host: str, first: int) -> int:
    """Return a block number above the first one, once there is one."""

    def look() -> wait.Observation[int]:
        now = _call(client, "eth_blockNumber")
        return wait.Observation(now > first, now, f"{host} is at block {now}, as at the start")

    named = f"block number rises at {host}"
    return wait.until(
        wait.poll(look, every_s=0.5), named=named, within_s=_RISES_WITHIN_S, look="plumbline logs consensus"
    )


def _call(client: Any, method: str) -> int:
    answer = client.post("/", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
    if answer.status_code != 200 or "error" in answer.json():
        raise ControlFailed(f"{client.headers['host']} answers {method} with {answer.status_code}: {answer.text[:200]}")
    return int(answer.json()["result"], 16)
