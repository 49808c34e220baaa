"""What the machine is busy with."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from plumbline.core import events, machine_load
from plumbline.core.machine_load import CpuTime

STAT = "cpu  100 5 50 800 40 1 4 0 30 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nctxt 7\n"


def test_busy_is_all_but_idle_and_waiting_for_a_disk() -> None:
    assert CpuTime.parse(STAT) == CpuTime(busy=160, total=1000)  # a guest's time is counted in its host's already


def test_a_share_is_of_the_time_that_passed() -> None:
    assert CpuTime(160, 1000).share_since(CpuTime(60, 800)) == 0.5
    assert CpuTime(160, 1000).share_since(CpuTime(160, 1000)) == 0


def test_memory_in_use_is_what_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(
        "MemTotal:  24000 kB\nMemFree: 100 kB\nMemAvailable:  20000 kB\nHugePages_Total: 0\n"
    )

    assert machine_load.memory_used(tmp_path) == 4000 * 1024


def test_samples_come_while_the_block_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[events.Event] = []
    third = threading.Event()
    monkeypatch.setattr(events, "_current", events.Stream("r"))

    def hear(event: events.Event) -> None:
        seen.append(event)
        if len(seen) == 3:
            third.set()

    events.subscribe(hear)
    with machine_load.sampled(every_s=0.02):
        assert third.wait(5)

    assert {(event["component"], event["event"]) for event in seen} == {(machine_load.COMPONENT, machine_load.SAMPLE)}
    assert all(0 <= event["busy"] <= 1 for event in seen)
