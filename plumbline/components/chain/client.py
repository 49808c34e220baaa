"""What can be asked of one execution client by JSON-RPC, whichever way leads to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.components.chain.forks import Schedule


@dataclass(frozen=True)
class Identity:
    """Which network a node is on."""

    chain_id: int
    network_id: int
    genesis_hash: str
    schedule: Schedule

    def __str__(self) -> str:
        """Show it in words."""
        ids = f"chain id {self.chain_id}, network id {self.network_id}, genesis {self.genesis_hash}"
        return f"{ids}, forks: {self.schedule}"


@dataclass(frozen=True)
class Finality:
    """The blocks that a node calls latest, safe and finalized, the last two as (number, hash)."""

    head: int
    safe: tuple[int, str]
    finalized: tuple[int, str]

    def __str__(self) -> str:
        """Show the numbers."""
        return f"head {self.head}, safe {self.safe[0]}, finalized {self.finalized[0]}"


@dataclass(frozen=True)
class Client(ABC):
    """One execution client.

    Attributes:
        name: how failures call it.
    """

    name: str

    @abstractmethod
    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method on this very node and return the result.

        Raises:
            rpc.RpcError: the node answered with an error.
            OSError: it does not answer.
        """

    @property
    def head(self) -> int:
        """Number of the head block."""
        return int(self.rpc("eth_blockNumber"), 16)

    @property
    def peers(self) -> int:
        """Number of connected peers."""
        return int(self.rpc("net_peerCount"), 16)

    @property
    def version(self) -> str:
        """Name and version of the client, such as "Geth/v1.17.10-stable/linux-amd64/go1.26.8"."""
        return str(self.rpc("web3_clientVersion"))

    @property
    def schedule(self) -> Schedule:
        """Its fork schedule (``eth_config``, EIP-7910)."""
        return Schedule.of(self.rpc("eth_config"))

    @property
    def identity(self) -> Identity:
        """The network that it is on."""
        chain_id, network_id = int(self.rpc("eth_chainId"), 16), int(self.rpc("net_version"))
        return Identity(chain_id, network_id, self.block(0)["hash"], self.schedule)

    @property
    def finality(self) -> Finality:
        """Its head, safe and finalized block."""
        head, safe, finalized = (self.block(tag) for tag in ("latest", "safe", "finalized"))
        return Finality(int(head["number"], 16), _name(safe), _name(finalized))

    def block(self, number: int | str) -> dict[str, Any]:
        """Return a block by number or tag (``latest``, ``safe``, ``finalized``), without its transactions' bodies.

        Raises:
            LookupError: the node has no such block.
        """
        found = self.rpc("eth_getBlockByNumber", number if isinstance(number, str) else hex(number), False)
        if found is None:
            raise LookupError(f"{self.name} has no block {number}")
        return found  # type: ignore[no-any-return]


def _name(block: Mapping[str, Any]) -> tuple[int, str]:
    return int(block["number"], 16), str(block["hash"])
