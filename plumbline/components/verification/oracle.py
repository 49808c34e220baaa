"""The light client as oracle: the same questions to it and to an execution node, about one block, and where the answers differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from plumbline_beacon import network
from plumbline_beacon.genesis import FILLER_ACCOUNTS, filler_address

from plumbline.core.errors import PlumblineError

BEACON_ROOTS, BLOCK_HASHES = "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02", "0x0000F90827F1C53a10cb7A02335B175320002935"
"""System contracts (EIP-4788, EIP-2935): each block writes to their storage."""
HISTORY_SLOTS = 8191  # of their ring buffers
_NOBODY = "0x" + "99" * 20
_OLDER_BY = 40  # blocks: one that a client has not seen come, so that it must have it proved

# What Helios 0.11.1 itself puts into objects that it has from the consensus layer, and Geth not, or otherwise; the logs bloom is
# one of a bloom's bytes. None of it comes from the execution node.
FILLED_OTHERWISE: Mapping[str, frozenset[str]] = {
    "block": frozenset({"logsBloom", "parentBeaconBlockRoot", "requestsHash", "size", "totalDifficulty"}),
    "transaction": frozenset({"blockTimestamp"}),
}


class Answering(Protocol):
    """A node or a light client."""

    @property
    def name(self) -> str:
        """How failures call it."""

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method and return the result."""


@dataclass(frozen=True)
class Question:
    """A JSON-RPC call, and what its result is an object of (a key of FILLED_OTHERWISE, or empty)."""

    method: str
    params: tuple[Any, ...]
    about: str = ""

    def __str__(self) -> str:
        """Show the call, without its longest arguments."""
        return f"{self.method}({', '.join(str(param)[:44] for param in self.params)})"


@dataclass(frozen=True)
class Difference:
    """A question that was answered otherwise than the execution node did."""

    by: str
    question: Question
    said: str
    expected: str

    def __str__(self) -> str:
        """Tell it as a line."""
        return f"{self.by} answers {self.question} with {self.said}, expected {self.expected}"


def sample(block: Mapping[str, Any], transaction: str) -> list[Question]:
    """Return the questions about a block: accounts, code, storage, proofs, blocks, receipts, logs.

    Args:
        block: it, as ``eth_getBlockByNumber`` gives it.
        transaction: hash of a transaction in it.
    """
    at, number, time = str(block["number"]), int(block["number"], 16), int(block["timestamp"], 16)
    accounts, written = _accounts(), _written(number, time)
    return [
        *(Question("eth_getBalance", (address, at)) for address in (*accounts, *written, _NOBODY)),
        *(Question("eth_getTransactionCount", (address, at)) for address in (*accounts, *written, _NOBODY)),
        *(Question("eth_getCode", (address, at)) for address in (*written, accounts[0], _NOBODY)),
        *(Question("eth_getStorageAt", (address, slot, at)) for address, slot in written.items()),
        *proofs(block),
        Question("eth_call", ({"to": BLOCK_HASHES, "data": f"0x{number - 1:064x}"}, at)),
        Question("eth_getBlockByNumber", (at, False), "block"),
        Question("eth_getBlockByHash", (block["hash"], False), "block"),
        Question("eth_getBlockByNumber", (hex(number - _OLDER_BY), False), "block"),
        Question("eth_getBlockByNumber", ("0x1", False), "block"),
        Question("eth_getBlockTransactionCountByNumber", (at,)),
        Question("eth_getTransactionByHash", (transaction,), "transaction"),
        Question("eth_getTransactionByBlockHashAndIndex", (block["hash"], "0x0"), "transaction"),
        Question("eth_getTransactionReceipt", (transaction,)),
        Question("eth_getBlockReceipts", (at,)),
        Question("eth_getLogs", ({"fromBlock": at, "toBlock": at},)),
        Question("eth_getLogs", ({"blockHash": block["hash"]},)),
    ]


def proofs(block: Mapping[str, Any]) -> list[Question]:
    """Return the questions for proofs of accounts, and of storage that each block writes to, at a block."""
    at, number, time = str(block["number"]), int(block["number"], 16), int(block["timestamp"], 16)
    return [
        *(Question("eth_getProof", (address, [], at)) for address in _accounts()),
        *(Question("eth_getProof", (address, [slot], at)) for address, slot in _written(number, time).items()),
    ]


def differences(asked: Answering, honest: Answering, questions: Iterable[Question]) -> Iterator[Difference]:
    """Put questions to a light client and to an execution node, and yield what is answered otherwise."""
    for question in questions:
        expected = comparable(honest.rpc(question.method, *question.params), question.about)
        try:
            said = comparable(asked.rpc(question.method, *question.params), question.about)
        except PlumblineError as error:
            yield Difference(asked.name, question, f"an error ({error})", _shown(expected))
            continue
        if said != expected:
            yield Difference(asked.name, question, *_unlike(said, expected))


def comparable(result: Any, about: str = "") -> Any:
    """Return a result without what says nothing: fields that are null, and those that the light client fills otherwise."""
    if isinstance(result, list):
        return [comparable(one) for one in result]
    if not isinstance(result, dict):
        return result
    left_out = FILLED_OTHERWISE.get(about, frozenset())
    return {k: comparable(v) for k, v in sorted(result.items()) if v is not None and k not in left_out}


def _unlike(said: Any, expected: Any) -> tuple[str, str]:
    """Return both in words; of objects only the fields that differ."""
    if isinstance(said, dict) and isinstance(expected, dict):
        fields = [key for key in sorted({*said, *expected}) if said.get(key) != expected.get(key)]
        said, expected = ({key: one.get(key) for key in fields} for one in (said, expected))
    return _shown(said), _shown(expected)


def _shown(value: Any) -> str:
    return str(value)[:300]


def _accounts() -> list[str]:
    """Return the developer accounts, and some of those that only the genesis knows."""
    fillers = [filler_address(index) for index in range(0, FILLER_ACCOUNTS, FILLER_ACCOUNTS // 8)]
    return [*(account.address for account in network.FUNDED), *fillers]


def _written(number: int, time: int) -> dict[str, str]:
    """Return what a block writes to the system contracts: address and slot."""
    return {BLOCK_HASHES: _slot(number - 1), BEACON_ROOTS: _slot(time)}


def _slot(position: int) -> str:
    return f"0x{position % HISTORY_SLOTS:064x}"
