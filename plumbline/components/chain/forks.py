"""Fork schedules: what a genesis asks for, what nodes say (EIP-7910), and which client cannot follow where a network goes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from plumbline_beacon import network

# Execution forks that are activated by time, in their order, by the name that a genesis gives their time (go-ethereum params/config.go).
_BY_TIME: Final = (
    "shanghai",
    "cancun",
    "prague",
    "osaka",
    "bpo1",
    "bpo2",
    "bpo3",
    "bpo4",
    "bpo5",
    "amsterdam",
    "bogota",
)


@dataclass(frozen=True)
class ForkConfig:
    """What EIP-7910 says of one execution fork, as far as nodes can differ in it."""

    activation_time: int
    chain_id: int
    fork_id: str
    blob_target: int
    blob_max: int
    blob_fraction: int

    def __str__(self) -> str:
        """Show when it begins, its id, and its blob limits."""
        begins = f"from {self.activation_time}" if self.activation_time else "from genesis"
        return f"{self.fork_id} {begins} (blobs {self.blob_target} to {self.blob_max})"

    @classmethod
    def of(cls, answer: Mapping[str, Any] | None) -> ForkConfig | None:
        """Read one entry of an ``eth_config`` answer."""
        if answer is None:
            return None
        blobs = answer["blobSchedule"] or {}
        limits = (blobs.get("target", 0), blobs.get("max", 0), blobs.get("baseFeeUpdateFraction", 0))
        return cls(int(answer["activationTime"]), int(answer["chainId"], 16), answer["forkId"], *limits)


@dataclass(frozen=True)
class Schedule:
    """An execution node's forks: the one that is active, the next one, and the last one that it knows a time for."""

    current: ForkConfig
    next: ForkConfig | None = None
    last: ForkConfig | None = None

    def __str__(self) -> str:
        """Show them in their order."""
        return f"{self.current}, next {self.next or 'none'}, last {self.last or 'none'}"

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Schedule:
        """Read an ``eth_config`` answer (EIP-7910)."""
        current = ForkConfig.of(answer["current"])
        assert current is not None
        return cls(current, ForkConfig.of(answer["next"]), ForkConfig.of(answer["last"]))

    @classmethod
    def asked_for(cls, genesis: Mapping[str, Any], genesis_hash: str, at: float) -> Schedule:
        """Return what a genesis asks every node to answer.

        Args:
            genesis: a genesis.json.
            genesis_hash: the hash of its block.
            at: the time (seconds since the Unix epoch) of the head.
        """
        start = int(genesis["timestamp"], 16)
        times = [(name, genesis["config"][f"{name}Time"]) for name in _BY_TIME if f"{name}Time" in genesis["config"]]
        entries = [_entry(genesis, genesis_hash, name, time, start) for name, time in times]
        past = [entry for entry, (_, time) in zip(entries, times, strict=True) if time <= at]
        coming = entries[len(past) :]
        return cls(past[-1], coming[0] if coming else None, coming[-1] if coming else None)


def _entry(genesis: Mapping[str, Any], genesis_hash: str, name: str, time: int, start: int) -> ForkConfig:
    config = genesis["config"]
    known = [n for n in _BY_TIME[: _BY_TIME.index(name) + 1] if n in config.get("blobSchedule", {})]
    blobs = config["blobSchedule"][known[-1]] if known else {}
    limits = (blobs.get("target", 0), blobs.get("max", 0), blobs.get("baseFeeUpdateFraction", 0))
    passed = sorted({config[f"{n}Time"] for n in _BY_TIME if start < config.get(f"{n}Time", 0) <= time})
    return ForkConfig(time if time > start else 0, config["chainId"], fork_id(genesis_hash, passed), *limits)


def fork_id(genesis_hash: str, passed: Iterable[int]) -> str:
    """Return the fork id's checksum (EIP-2124) after forks at some times (those of the genesis itself do not count)."""
    checksum = zlib.crc32(bytes.fromhex(genesis_hash.removeprefix("0x")))
    for time in passed:
        checksum = zlib.crc32(time.to_bytes(8, "big"), checksum)
    return f"0x{checksum:08x}"


# -- consensus forks -----------------------------------------------------------------------------------------------------

SEPOLIA: Final = (*network.FORKS, network.Fork("GLOAS", 353024, "0x90000076"))
"""Public Sepolia's schedule, as go-ethereum v1.17.10 has it (beacon/params/networks.go)."""

_ENDS_AT: Final[Mapping[str, str]] = {  # the last consensus fork whose types and rules a release knows
    "Geth/v1.17": "GLOAS",  # beacon/params/networks.go
    "helios/0.11": "FULU",  # a16z/helios, ethereum/consensus-core/src/types
    "plumbline-beacon/0.1": "FULU",  # plumbline_beacon.network.FORK_NAME
}


@dataclass(frozen=True)
class Shortfall:
    """A client that does not know a fork of its network."""

    client: str
    version: str
    fork: network.Fork

    def __str__(self) -> str:
        """Say who, what, and when."""
        start = network.slot_start(network.epoch_start(self.fork.epoch))
        what = f"{self.fork.name} at epoch {self.fork.epoch} (Unix time {start})"
        return f"{self.client} ({self.version}) cannot follow {what}: upgrade it before"


def of_network() -> tuple[network.Fork, ...]:
    """Return the devnet's consensus forks."""
    return network.FORKS


def cannot_follow(schedule: Sequence[network.Fork], clients: Mapping[str, str]) -> list[Shortfall]:
    """Name each client's first fork that it does not know.

    Args:
        schedule: a network's consensus forks, in order.
        clients: their version strings ("Geth/v1.17.10-stable/..."), by the name that a failure shows. A release that nobody
            has looked at yet counts as one that knows no fork.
    """
    names = [fork.name for fork in schedule]
    short = []
    for client, version in clients.items():
        last = next((fork for release, fork in _ENDS_AT.items() if version.startswith(release)), None)
        if last is not None and last not in names:  # it knows more than the network has planned
            continue
        unknown = schedule[names.index(last) + 1 :] if last is not None else schedule[:1]
        short += [Shortfall(client, version, fork) for fork in unknown[:1]]
    return short


def schedule_of(config: Mapping[str, Any]) -> tuple[network.Fork, ...]:
    """Read the forks of a consensus configuration: a ``config.yaml``, or the Beacon API's ``/eth/v1/config/spec``."""
    forks = []
    for key, version in config.items():
        name = key.removesuffix("_FORK_VERSION")
        if name == key:
            continue
        epoch = int(config.get(f"{name}_FORK_EPOCH", 0))
        if epoch < _NEVER:
            forks.append(network.Fork(name, epoch, f"0x{version:08x}" if isinstance(version, int) else str(version)))
    return tuple(sorted(forks, key=lambda fork: (fork.epoch, fork.version)))


_NEVER: Final = 2**64 - 1
