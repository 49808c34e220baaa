"""The devnet's facts, in one place: chain id, forks, keys of the public developer accounts.

The devnet is a "shadow Sepolia": Sepolia's chain id, genesis time, validators root and fork schedule up to Fulu, with
validators and a genesis block of our own, so that unmodified light clients (Helios, Geth's own) verify it. Values:
eth-clients/sepolia ``metadata/config.yaml``. This module imports nothing heavy: the harness and the charts' tests read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONFIG_NAME: Final = "sepolia"
CHAIN_ID: Final = 11155111
GENESIS_TIME: Final = 1655733600
GENESIS_VALIDATORS_ROOT: Final = "0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078"
DEPOSIT_CONTRACT: Final = "0x7f02C3E3c98b133055B8B348B2Ac625669Ed295D"
TERMINAL_TOTAL_DIFFICULTY: Final = 17_000_000_000_000_000

SECONDS_PER_SLOT: Final = 12
SLOTS_PER_EPOCH: Final = 32
EPOCHS_PER_SYNC_COMMITTEE_PERIOD: Final = 256
SLOTS_PER_SYNC_COMMITTEE_PERIOD: Final = SLOTS_PER_EPOCH * EPOCHS_PER_SYNC_COMMITTEE_PERIOD

SNAP_SYNC_BLOCKS: Final = 64
"""Geth's snap sync takes its pivot 64 blocks below the head: a follower that is driven to a shorter chain corrupts its data directory."""


@dataclass(frozen=True, slots=True)
class Fork:
    """One consensus fork: from `epoch` on, messages are signed under `version`."""

    name: str
    epoch: int
    version: str


FORKS: Final = (
    Fork("GENESIS", 0, "0x90000069"),
    Fork("ALTAIR", 50, "0x90000070"),
    Fork("BELLATRIX", 100, "0x90000071"),
    Fork("CAPELLA", 56832, "0x90000072"),
    Fork("DENEB", 132608, "0x90000073"),
    Fork("ELECTRA", 222464, "0x90000074"),
    Fork("FULU", 272640, "0x90000075"),
)
"""Gloas is left out on purpose: on Sepolia it is active by now, and Helios 0.11.1 ends at Fulu."""

FORK_NAME: Final = "fulu"
"""The fork whose types every block of the devnet has, as the Beacon API names it."""


@dataclass(frozen=True, slots=True)
class BlobLimit:
    """From `epoch` on, a block holds at most `max_blobs` blobs (EIP-7892)."""

    epoch: int
    max_blobs: int


BLOB_SCHEDULE: Final = (BlobLimit(274176, 15), BlobLimit(275712, 21))


@dataclass(frozen=True, slots=True)
class Account:
    """A public developer account. Never send anything of value to it: its key is known to everybody."""

    address: str
    private_key: str


FUNDED: Final = (
    Account(
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    ),
    Account(
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    ),
    Account(
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    ),
    Account(
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    ),
)
"""Accounts 0 to 3 of the well-known mnemonic "test test ... junk". Each holds 10^9 ether at genesis."""

VALIDATOR_ACCOUNT: Final = FUNDED[3]
"""Fee recipient and withdrawal address of all validators: its balance moves with every block, so tests of balances use the others."""


def slot_at(time_s: float) -> int:
    """Return the slot that is under way at a Unix time."""
    return int((time_s - GENESIS_TIME) // SECONDS_PER_SLOT)


def slot_start(slot: int) -> int:
    """Return the Unix time at which a slot starts."""
    return GENESIS_TIME + slot * SECONDS_PER_SLOT


def epoch_of(slot: int) -> int:
    """Return the epoch of a slot."""
    return slot // SLOTS_PER_EPOCH


def epoch_start(epoch: int) -> int:
    """Return the first slot of an epoch."""
    return epoch * SLOTS_PER_EPOCH


def sync_period_of(slot: int) -> int:
    """Return the sync-committee period of a slot."""
    return slot // SLOTS_PER_SYNC_COMMITTEE_PERIOD


def beacon_config_yaml() -> str:
    """Return the fork schedule as a consensus ``config.yaml``, for ``geth --beacon.config``."""
    lines = []
    for fork in FORKS:
        lines.append(f"{fork.name}_FORK_VERSION: {fork.version}")
        if fork.name != "GENESIS":
            lines.append(f"{fork.name}_FORK_EPOCH: {fork.epoch}")
    return "\n".join(lines) + "\n"
