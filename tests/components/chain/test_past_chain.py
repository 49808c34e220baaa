"""A throwaway chain, moved on by command."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.components.chain import past_chain
from plumbline.components.chain.beacon_control import ManualClock
from plumbline.components.chain.past_chain import PastChain


class Control:
    """A control port behind which three slots are made between two looks."""

    def __init__(self, slot: int) -> None:
        self.slot = self.processed = slot
        self.ordered: list[int] = []

    def advance(self, slots: int) -> None:
        self.ordered.append(slots)
        self.slot += slots

    def clock(self) -> ManualClock:
        self.processed = min(self.slot, self.processed + 3)
        return ManualClock(self.slot, self.processed)


def test_the_past_is_moved_to_the_slot_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: Any = type("Clock", (), {"now": 110})
    monkeypatch.setattr(past_chain, "SlotClock", clock)
    control: Any = Control(slot=100)

    PastChain("http://beacon-past:3500", control).move_to_the_present()

    assert control.ordered == [10]
    assert control.processed == 110
