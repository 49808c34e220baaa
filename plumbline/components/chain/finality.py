"""Checkpoints, and the record of how finality moved from epoch to epoch (consensus-specs phase0, "Casper FFG")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline_beacon import network

HEALTHY_LAG = 2
"""With all votes in time, the first block of epoch N finalizes epoch N - 2 and justifies epoch N - 1."""

MAX_BLOCKS_BEHIND = 98
"""So the finalized block is at most three epochs and the two first slots of the next behind the head."""


@dataclass(frozen=True)
class Checkpoint:
    """An epoch and the root of the block at its start."""

    epoch: int
    root: str

    @property
    def first_slot(self) -> int:
        """The first slot of its epoch; its block is of this slot, or of the last one before it that has any."""
        return network.epoch_start(self.epoch)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Checkpoint:
        """Read the Beacon API's form."""
        return cls(int(data["epoch"]), str(data["root"]))

    def __str__(self) -> str:
        """Show the epoch and the start of the root."""
        return f"epoch {self.epoch} ({self.root[:10]}…)"


@dataclass(frozen=True)
class Checkpoints:
    """What a state says about finality."""

    justified: Checkpoint
    finalized: Checkpoint

    def __str__(self) -> str:
        """Show both."""
        return f"justified {self.justified} and finalized {self.finalized}"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Checkpoints:
        """Read the Beacon API's form (``/eth/v1/beacon/states/{state_id}/finality_checkpoints``)."""
        return cls(Checkpoint.of(data["current_justified"]), Checkpoint.of(data["finalized"]))


@dataclass(frozen=True)
class Record:
    """What the state of an epoch's first block said."""

    epoch: int
    justified: int
    finalized: int


@dataclass(frozen=True)
class FinalityHistory:
    """The records of consecutive epochs, oldest first."""

    records: Sequence[Record]

    @classmethod
    def of(cls, data: Any) -> FinalityHistory:
        """Read the beacon node's answer to ``/plumbline/v1/finality_history``."""
        return cls(
            [Record(int(e["epoch"]), int(e["justified"]["epoch"]), int(e["finalized"]["epoch"])) for e in data["data"]]
        )

    @property
    def anchored(self) -> int:
        """The epoch of the oldest record."""
        return self.records[0].epoch

    def late(self, last: int) -> list[Record]:
        """Return those of the ``last`` records in which finality was behind; the chain's first epochs have nothing to finalize yet."""
        young = self.anchored + HEALTHY_LAG
        return [r for r in self.records[-last:] if r.epoch > young and r.epoch - r.finalized > HEALTHY_LAG]

    def table(self, last: int = 12) -> str:
        """Show the newest records."""
        rows = [f"{r.epoch:>8}  {r.justified:>9}  {r.finalized:>9}" for r in self.records[-last:]]
        return "\n".join(["   epoch  justified  finalized", *rows])
