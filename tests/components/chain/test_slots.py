from __future__ import annotations

import pytest
from plumbline_beacon import network

from plumbline.components.chain import slots
from plumbline.components.chain.slots import SlotClock, Window

START = network.slot_start(1000)


@pytest.mark.parametrize(("at", "first"), [(START, 1001), (START + 11.9, 1001), (START - 0.1, 1000)])
def test_next_slots_have_not_started_yet(at: float, first: int) -> None:
    assert SlotClock(lambda: at).next(3) == Window(first, first + 2)


def test_a_window_ends_when_its_last_block_is_due() -> None:
    assert Window(999, 1000).ends_at == START + 4


@pytest.mark.parametrize(
    ("slot", "second", "until"),
    [
        (31, 11.0, 33),  # about to change
        (31, 2.0, None),
        (32, 0.1, 33),  # the checkpoints move just now
        (33, 0.1, 33),  # and now their proof for light clients
        (34, 0.0, None),
        (63, 9.9, None),
    ],
)
def test_epoch_start_is_avoided(monkeypatch: pytest.MonkeyPatch, slot: int, second: float, until: int | None) -> None:
    waited: list[float] = []
    monkeypatch.setattr(slots.wait, "moment", lambda at, _: waited.append(at))
    clock = SlotClock(lambda: network.slot_start(slot) + second)

    clock.avoid_epoch_start()

    assert waited == ([] if until is None else [Window(until, until).ends_at])
