"""Execution clients that others run, each asked at the address that the map gives it: no proxy, no port-forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plumbline.components.chain.client import Client, Identity
from plumbline.components.chain.forks import ForkConfig, Schedule
from plumbline.components.chain.nodes import Nodes
from plumbline.components.existing import dial
from plumbline.components.existing.mapping import Chain
from plumbline.kube.rpc import Direct


@dataclass(frozen=True)
class Addressed(Client):
    """One execution client behind an address of its own.

    Attributes:
        url: where it is dialled.
        host: the host that is asked for there; empty where the URL says it.
    """

    url: str
    host: str

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method and return the result; errors are those of :meth:`Client.rpc`."""
        with dial.expected(f"{self.url} speaks no JSON-RPC for", self.host):
            return self._way.rpc(method, *params)

    @cached_property
    def _way(self) -> Direct:
        only_good = {"response": [dial.good]}
        return Direct(self.name, dial.client(self.url, self.host, event_hooks=only_good))


class MappedNodes(Nodes[Addressed]):
    """The execution clients of a map."""

    def __init__(self, chain: Chain) -> None:
        """Know where they are; none is asked yet."""
        self._chain = chain
        self._nodes = [Addressed(node.name, node.url, node.host) for node in chain.node]

    @property
    def nodes(self) -> Sequence[Addressed]:
        """The clients that the map names."""
        return self._nodes

    @property
    def mesh(self) -> int:
        """How many peers the map demands of each."""
        return self._chain.peers

    @property
    def oldest_head_s(self) -> float:
        """How old a head may grow by the map, in seconds."""
        return self._chain.oldest_head_s

    def expected_identity(self) -> Identity:
        """Return the network that the map names; beyond the fork that is active, all must know the schedule that the first one knows."""
        chain = self._chain
        known = [each for each in self.schedules().values if each.current.fork_id == chain.fork_id]
        schedule = known[0] if known else Schedule(ForkConfig(0, chain.chain_id, chain.fork_id, 0, 0, 0))
        return Identity(chain.chain_id, chain.network_id, chain.genesis_hash, schedule)
