"""The beacon chain's clock: which slot it is, and windows of slots in which something is watched."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from plumbline_beacon import network

from plumbline.core import wait

BLOCK_DUE_S = network.SECONDS_PER_SLOT / 3
"""A block that arrives later gets no votes (consensus-specs, honest validator: attestations are made a third into the slot)."""


_CHANGE_MARGIN_S = 2.0  # what is read shortly before an epoch begins may be compared with what is read after that


@dataclass(frozen=True)
class Window:
    """Some slots in a row.

    Attributes:
        first: the first slot that starts within it.
        last: the last one.
    """

    first: int
    last: int

    @property
    def ends_at(self) -> float:
        """The moment (seconds since the Unix epoch) at which the last slot's block must be everywhere."""
        return network.slot_start(self.last) + BLOCK_DUE_S

    def __str__(self) -> str:
        """Name the slots."""
        return f"slots {self.first} to {self.last}"


class SlotClock:
    """Slots by the wall clock: 12 s each since the network's genesis time."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """Read the time (seconds since the Unix epoch) from ``now``."""
        self._now = now

    @property
    def now(self) -> int:
        """The slot that is under way."""
        return network.slot_at(self._now())

    @property
    def epoch(self) -> int:
        """The epoch that is under way."""
        return network.epoch_of(self.now)

    def next(self, count: int) -> Window:
        """Return the next ``count`` slots that have not started yet."""
        first = math.floor((self._now() - network.GENESIS_TIME) / network.SECONDS_PER_SLOT) + 1
        return Window(first, first + count - 1)

    def avoid_epoch_start(self) -> None:
        """Let a change of epoch pass: the checkpoints move with its first block, their proof to light clients with its second."""
        per_epoch = network.SLOTS_PER_EPOCH
        if self.now % per_epoch == per_epoch - 1 and self._left_s < _CHANGE_MARGIN_S:
            self.until(self.now + 2)
        elif self.now % per_epoch <= 1:
            self.until(network.epoch_start(self.epoch) + 1)

    @property
    def _left_s(self) -> float:
        return network.slot_start(self.now + 1) - self._now()

    def until(self, slot: int) -> None:
        """Let the time pass until the block of ``slot`` is due."""
        wait.moment(Window(slot, slot).ends_at, f"slot {slot}")

    @staticmethod
    def seconds(count: float) -> float:
        """Return how long ``count`` slots are, in seconds."""
        return count * network.SECONDS_PER_SLOT
