"""Which slots get a block in the back-fill, what the clocks say, and how metrics and log lines look."""

import logging
import threading
import time

import pytest
from plumbline_beacon import logs, network
from plumbline_beacon.clock import BeyondWallClock, ManualClock, WallClock
from plumbline_beacon.metrics import DECLARED, Metrics
from plumbline_beacon.slot_loop import Plan

PLAN = Plan(backfill_slots=128, blocks=network.SNAP_SYNC_BLOCKS + 4)


def test_the_anchor_is_at_least_the_back_fill_behind() -> None:
    for now in range(10_000, 10_064):
        anchor = network.epoch_start(PLAN.anchor_epoch(now))
        assert 128 <= now - anchor < 128 + network.SLOTS_PER_EPOCH
    assert Plan(128, 68, anchor_epochs_behind=5).anchor_epoch(320) == 5


def back_fill(now: int, last: int) -> list[int]:
    """The slots that get a block, when the clock is at ``now`` as the back-fill begins, and at ``last`` as it ends."""
    anchor = network.epoch_start(PLAN.anchor_epoch(now))
    first_final = anchor + 2 * network.SLOTS_PER_EPOCH
    filled: list[int] = []
    for slot in range(anchor + 1, last + 1):
        clock = now if slot < now else last
        if PLAN.fills(slot, clock - slot, len(filled), has_finality=slot > first_final):
            filled.append(slot)
    return filled


@pytest.mark.parametrize("lasts", [0, 1, 3])
def test_the_back_fill_always_ends_beyond_the_snap_sync_pivot_and_hardly_beyond(lasts: int) -> None:
    for now in range(10_000, 10_064):
        blocks = len(back_fill(now, now + lasts))
        assert network.SNAP_SYNC_BLOCKS < blocks <= PLAN.blocks + lasts


def test_its_last_slots_have_a_block_each_so_that_light_clients_find_a_new_head() -> None:
    for now in range(10_000, 10_064):
        assert back_fill(now, now)[-40:] == list(range(now - 39, now + 1))


def test_before_finality_the_back_fill_is_sparse() -> None:
    filled = [slot for slot in range(1, 33) if PLAN.fills(slot, slots_left=10, blocks_so_far=0, has_finality=False)]
    assert filled == [8, 16, 24, 32]


def test_the_wall_clock_waits_for_a_slot_only_as_long_as_told() -> None:
    clock, stop = WallClock(), threading.Event()
    started = time.monotonic()
    assert not clock.wait_for(clock.slot() + 5, stop, within_s=0.05)
    assert time.monotonic() - started < 2
    assert clock.wait_for(clock.slot(), stop, within_s=5)


def test_a_manual_clock_moves_on_command_and_never_into_the_future() -> None:
    clock = ManualClock()
    present = WallClock().slot()
    clock.start_at(present - 10)
    assert clock.advance(4, stride=2) == present - 6
    assert clock.stride == 2
    with pytest.raises(BeyondWallClock, match=r"9 slots lead past the present: this chain is [67] slots behind"):
        clock.advance(9, stride=1)
    assert clock.wait_for(present - 6, threading.Event(), within_s=5)


def test_metrics_are_declared_and_rendered_with_help_and_type() -> None:
    metrics = Metrics()
    metrics.set("plumbline_beacon_engine_up", 1, engine='a"b\\c\nd', role="producer")
    metrics.observe("plumbline_beacon_block_delay_seconds", 0.3)
    text = metrics.render()

    assert 'plumbline_beacon_engine_up{engine="a\\"b\\\\c\\nd",role="producer"} 1' in text
    assert 'plumbline_beacon_block_delay_seconds_bucket{le="0.25"} 0' in text
    assert 'plumbline_beacon_block_delay_seconds_bucket{le="+Inf"} 1' in text
    assert "plumbline_beacon_missed_slots_total 0" in text.splitlines()
    assert all(f"# TYPE {name} {kind}" in text for name, (kind, _) in DECLARED.items())
    with pytest.raises(KeyError):
        metrics.set("beacon_undeclared", 1)
    with pytest.raises(TypeError, match="is a counter"):
        metrics.set("beacon_reorgs_total", 1)


def test_log_lines_are_utc_with_event_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logs.event(logging.getLogger("chain"), "block", slot=7, delay=0.12345, root=b"\xab", why='a "b"')
    line = logs._Formatter().format(caplog.records[0])

    assert line.endswith(r'INFO chain event=block slot=7 delay=0.123 root=0xab why="a \"b\""')
    assert line[10] == "T"
    assert line[23] == "Z"
