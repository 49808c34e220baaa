"""The execution layer's genesis block of the devnet, made from what ``geth --dev dumpgenesis`` prints.

The dump is the source of the system contracts (EIP-4788, EIP-2935, EIP-7002, EIP-7251), so that they are those of the pinned Geth.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from plumbline_beacon import network

FILLER_ACCOUNTS: Final = 2000
"""Accounts that exist so that a snap-syncing node has state to download."""

_FILLER_BASE: Final = 0xBEEF0000000000000000
_ETHER: Final = 10**18
_GAS_LIMIT: Final = 60_000_000

_BLOB_SCHEDULE: Final = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
    "osaka": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
    "bpo1": {"target": 10, "max": 15, "baseFeeUpdateFraction": 8346193},
    "bpo2": {"target": 14, "max": 21, "baseFeeUpdateFraction": 11684671},
}
"""EIP-7840 blob limits; bpo1 and bpo2 are those of EIP-7892 on Sepolia, which `network.BLOB_SCHEDULE` repeats for the consensus layer."""


def filler_address(index: int) -> str:
    """Return the address of a filler account."""
    return f"0x{_FILLER_BASE + index:040x}"


def filler_balance(index: int) -> int:
    """Return the balance of a filler account in wei: each differs, so that a wrong one is noticed."""
    return _ETHER + index


def execution_genesis(dumped: dict[str, Any]) -> dict[str, Any]:
    """Turn Geth's developer genesis into the devnet's: every fork up to BPO2 active from block 0, constant timestamp, funded accounts."""
    genesis = copy.deepcopy(dumped)
    config = genesis["config"]
    for later_fork in ("bogotaTime", "amsterdamTime"):  # after Osaka, and would change what a valid block is
        config.pop(later_fork, None)
    config.update(
        chainId=network.CHAIN_ID,
        depositContractAddress=network.DEPOSIT_CONTRACT.lower(),
        bpo1Time=0,
        bpo2Time=0,
        blobSchedule=copy.deepcopy(_BLOB_SCHEDULE),
    )
    for derived in ("excessBlobGas", "blobGasUsed", "slotNumber"):
        genesis.pop(derived, None)
    genesis["gasLimit"] = hex(_GAS_LIMIT)
    genesis["timestamp"] = hex(
        network.GENESIS_TIME
    )  # constant, so that the genesis hash does not depend on when the network starts
    alloc = genesis["alloc"]
    for account in network.FUNDED:
        alloc[account.address.lower().removeprefix("0x")] = {"balance": hex(10**9 * _ETHER)}
    for index in range(FILLER_ACCOUNTS):
        alloc[filler_address(index).removeprefix("0x")] = {"balance": hex(filler_balance(index))}
    return genesis
