"""Signed transactions by the devnet's public developer accounts, sent the way that users send them: through the ingress.

The chain id is Sepolia's, so what is signed here is valid there, too: these keys are known to everybody and hold nothing of value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from eth_typing import HexAddress, HexStr
from plumbline_beacon import network

if TYPE_CHECKING:
    from plumbline.components.execution import Geth
    from plumbline.components.ingress import Ingress

HOST: Final = "api.oumla.local"
TOPIC: Final = f"0x{7:064x}"
DATA: Final = f"0x{42:064x}"
EMITS_A_LOG: Final = bytes.fromhex(
    "602a600052"  # PUSH1 42, PUSH1 0, MSTORE: memory[0..32] = 42
    "6007"  # PUSH1 7: the topic
    "6020"  # PUSH1 32: length of the data
    "6000"  # PUSH1 0: where they are
    "a1"  # LOG1
    "00"  # STOP: the contract that is created has no code
)
_TIP_WEI: Final = 10**9
_TRANSFER_GAS: Final = 21_000  # of a plain transfer (Ethereum yellow paper, appendix G)
_CREATION_GAS: Final = 150_000


@dataclass(frozen=True)
class Log:
    """An event that a contract emitted."""

    address: str
    topics: Sequence[str]
    data: str


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction."""

    succeeded: bool
    block: int
    block_hash: str
    cost_wei: int
    contract: str | None
    logs: Sequence[Log]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Receipt:
        """Read an answer of ``eth_getTransactionReceipt``."""
        logs = tuple(Log(log["address"], tuple(log["topics"]), log["data"]) for log in data["logs"])
        cost = int(data["gasUsed"], 16) * int(data["effectiveGasPrice"], 16)
        number = int(data["blockNumber"], 16)
        return cls(data["status"] == "0x1", number, data["blockHash"], cost, data["contractAddress"], logs)


@dataclass(frozen=True)
class AccountState:
    """Nonce and balance (wei) of an account at a height."""

    nonce: int
    balance: int


class Sender:
    """A funded account that sends through the ingress."""

    def __init__(self, ingress: Ingress, account: network.Account) -> None:
        """Bind a developer account to the way in."""
        self.ingress, self.account = ingress, account
        self.address = account.address

    @cached_property
    def web3(self) -> Any:
        """The client, at the ingress' door with the host's name: it needs no /etc/hosts."""
        from web3 import HTTPProvider, Web3  # noqa: PLC0415  (heavy; for what sends only)

        headers = {"Host": HOST, "Content-Type": "application/json"}
        return Web3(HTTPProvider(self.ingress.door.url(), request_kwargs={"headers": headers, "timeout": 10}))

    @property
    def next_nonce(self) -> int:
        """The nonce of the next transaction, those counted that no block has yet."""
        return int(self.web3.eth.get_transaction_count(self.address, "pending"))

    def pay(self, to: str, wei: int, *, nonce: int) -> str:
        """Send a value transfer and return its hash."""
        return self._send(nonce=nonce, to=to, value=wei, gas=_TRANSFER_GAS)

    def create(self, init_code: bytes, *, nonce: int, gas: int = _CREATION_GAS) -> str:
        """Send a contract creation and return its hash."""
        return self._send(nonce=nonce, data=init_code, value=0, gas=gas)

    def contract_of(self, nonce: int) -> str:
        """Return the address of the contract that this account creates with a nonce (in lower case, as nodes answer)."""
        from web3.types import Nonce  # noqa: PLC0415
        from web3.utils import get_create_address  # noqa: PLC0415

        return get_create_address(HexAddress(HexStr(self.address)), Nonce(nonce)).lower()

    def _send(self, **fields: Any) -> str:
        base_fee = int(self.web3.eth.get_block("latest")["baseFeePerGas"])
        fees = {"maxFeePerGas": 2 * base_fee + _TIP_WEI, "maxPriorityFeePerGas": _TIP_WEI}
        transaction = {"type": 2, "chainId": network.CHAIN_ID, **fees, **fields}
        signed = self.web3.eth.account.sign_transaction(transaction, self.account.private_key)
        return str(self.web3.to_hex(self.web3.eth.send_raw_transaction(signed.raw_transaction)))


def new_address() -> str:
    """Return an address that nobody has used, and nobody has the key of afterwards."""
    from eth_account import Account  # noqa: PLC0415

    return str(Account.create().address)


def receipt(node: Geth, transaction: str) -> Receipt | None:
    """Return what a node knows of a transaction; None where it is not in a block there yet."""
    found = node.rpc("eth_getTransactionReceipt", transaction)
    return None if found is None else Receipt.of(found)


def waiting(node: Geth, address: str) -> int:
    """Return how many transactions of an address a node knows that are in no block yet."""
    latest, pending = (int(node.rpc("eth_getTransactionCount", address, tag), 16) for tag in ("latest", "pending"))
    return pending - latest


def account(node: Geth, address: str, at: int) -> AccountState:
    """Return an account as a node has it at a height."""
    nonce, balance = (int(node.rpc(m, address, hex(at)), 16) for m in ("eth_getTransactionCount", "eth_getBalance"))
    return AccountState(nonce, balance)
