"""The clock that says which slot it is: the wall, or a hand that is moved on command ("time machine")."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from plumbline_beacon import network


class Clock(Protocol):
    """Which slot it is, and the wait for a slot."""

    name: str

    def slot(self) -> int:
        """Return the slot that is under way."""

    def wait_for(self, slot: int, stop: threading.Event, within_s: float) -> bool:
        """Wait until a slot has started; False when stopped or out of time before."""


class WallClock:
    """The slot follows Unix time."""

    name = "wall"

    def slot(self) -> int:
        """Return the slot that is under way."""
        return network.slot_at(time.time())

    def wait_for(self, slot: int, stop: threading.Event, within_s: float) -> bool:
        """Wait until a slot has started; False when stopped or out of time before."""
        left = network.slot_start(slot) - time.time()
        stop.wait(max(0.0, min(left, within_s)))
        return self.slot() >= slot and not stop.is_set()


class BeyondWallClock(ValueError):
    """An order to go where no light client would follow."""


class ManualClock:
    """The slot stands still until it is advanced, and never passes the wall: clients refuse blocks from the future."""

    name = "manual"

    def __init__(self) -> None:
        self._slot = 0
        self._stride = 1
        self._moved = threading.Condition()

    @property
    def stride(self) -> int:
        """How many slots apart the blocks of the last order are."""
        return self._stride

    def start_at(self, slot: int) -> None:
        """Set the hand once, when the chain knows its anchor."""
        with self._moved:
            self._slot = max(self._slot, slot)
            self._moved.notify_all()

    def slot(self) -> int:
        """Return the slot that is under way."""
        return self._slot

    def advance(self, slots: int, stride: int) -> int:
        """Move the hand; return the slot that it shows now.

        Raises:
            BeyondWallClock: The order leads past the present.
        """
        with self._moved:
            left = network.slot_at(time.time()) - self._slot
            if slots > left:
                raise BeyondWallClock(
                    f"{slots} slots lead past the present: this chain is {left} slots behind the wall clock"
                )
            self._slot += slots
            self._stride = stride
            self._moved.notify_all()
            return self._slot

    def wait_for(self, slot: int, stop: threading.Event, within_s: float) -> bool:
        """Wait until a slot has started; False when stopped or out of time before."""
        with self._moved:
            self._moved.wait_for(lambda: self._slot >= slot or stop.is_set(), min(within_s, 0.2))
            return self._slot >= slot and not stop.is_set()
