"""DRS-004: snapshots are taken on schedule, the right ones are kept, and nothing else is left of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.components.volumes.chain_marks import MODE, ChainMarks
from plumbline.core import wait
from plumbline.core.patience import settle
from reports.evidence import attach, step

if TYPE_CHECKING:
    from plumbline.components.execution import Execution
    from plumbline.components.storage import Storage
    from plumbline.components.volumes.snapshot_schedule import SnapshotSchedule

CYCLES, KEEP = 10, 3
EVERY_MINUTE, NEVER = "* * * * *", "0 0 31 2 *"
SOON_S = 10.0  # longer than a Job takes: where the minute is that near, waiting for it is cheaper than to miss it
DUE_WITHIN_S, ENDED_WITHIN_S = 75.0, 90.0
GONE_WITHIN_S = 30.0


@pytest.mark.destructive("execution")
@pytest.mark.control("DRS-004")
def test_schedule_keeps_the_newest_and_leaves_nothing_else(
    execution: Execution, storage: Storage, schedule: SnapshotSchedule, follower_as_configured: None
) -> None:
    """Preconditions: a follower of which the three newest snapshots are kept.
    Steps: have ten taken, one after the other: one by the clock, at the next full minute, the others as the schedule's controller
    does. After each, list what is there.
    Expected: each Job takes one, marked with chain, head and client. There are never more than three, the newest ones; as many
    contents and as many images in the drivers' pools as snapshots, so that nothing is orphaned or leaked.
    """
    del follower_as_configured
    before = storage.copies()
    execution.upgrade(schedule.release, as_scheduled(NEVER))

    taken: list[str] = []
    by_clock = ""
    for number in range(CYCLES):
        if not by_clock and (number == CYCLES - 1 or to_next_minute_s() < SOON_S):
            job = by_clock = by_the_clock(execution, schedule)
        else:
            job = schedule.start(number)
        ended = settle(schedule.ended(job), named=f"{job} ended", within_s=ENDED_WITHIN_S)
        assert ended.ok, f"Job {job} has not ended: {ended.summary}"
        assert ended.value is not None
        assert ended.value.ok, str(ended.value)
        taken.insert(0, job)
        assert [snapshot.name for snapshot in schedule.kept] == taken[:KEEP], f"after {job}"

    attach("what is kept", "\n".join(f"{one} {dict(one.annotations)}" for one in schedule.kept))
    for snapshot in schedule.kept:
        marks = ChainMarks.on(snapshot)
        assert snapshot.ready, str(snapshot)
        assert snapshot.labels[MODE] == "crash-consistent"
        assert execution.nodes[0].block(marks.head_block)["hash"] == marks.head_hash, f"{snapshot} says {marks}"
    orphans = settle(wait.holds(lambda: not schedule.orphans(), every_s=0.5), named="no orphan", within_s=GONE_WITHIN_S)
    assert orphans.ok, f"contents of {schedule.name} without a snapshot: {schedule.orphans()}"
    leaked = storage.copies() - before - KEEP
    assert not leaked, f"{leaked} images are left in the pools of what {schedule.name} has removed"


def as_scheduled(when: str) -> dict[str, Any]:
    """Return the values of a release that is snapshotted at some times (as cron says it) while it writes."""
    return {"snapshots": {"mode": "crash-consistent", "keep": KEEP, "schedule": when}}


def to_next_minute_s() -> float:
    """Return the seconds to the next full minute."""
    return 60 - time.time() % 60


def by_the_clock(execution: Execution, schedule: SnapshotSchedule) -> str:
    """Have the schedule come due once, and return the name of its Job."""
    known = schedule.jobs()
    execution.upgrade(schedule.release, as_scheduled(EVERY_MINUTE))
    with step("one comes by the clock"):
        due = settle(schedule.by_the_clock(known), named=f"{schedule.name} due", within_s=DUE_WITHIN_S)
    assert due.ok, due.summary
    execution.upgrade(schedule.release, as_scheduled(NEVER))
    return str(due.value)


@pytest.mark.destructive("execution")
@pytest.mark.control("DRS-004")
def test_graceful_snapshot_holds_all_that_the_node_had(execution: Execution, schedule: SnapshotSchedule) -> None:
    """Preconditions: a follower that is snapshotted as its chart says: gracefully.
    Steps: start two Jobs of its schedule at once.
    Expected: one works after the other, and both take theirs at the first try. The node was stopped, and serves again.
    """
    first, second = (schedule.start(number) for number in (1, 2))
    runs = [settle(schedule.ended(job), named=f"{job} ended", within_s=ENDED_WITHIN_S).value for job in (first, second)]

    assert all(run and run.ok for run in runs), "; ".join(map(str, runs))
    assert all(run and run.tries == 1 for run in runs), "; ".join(map(str, runs))
    (begun, over), (next_begun, next_over) = sorted(schedule.work_of(job) for job in (first, second))
    assert over <= next_begun, f"both worked at once: {begun} to {over}, {next_begun} to {next_over}"
    one, other = schedule.kept
    assert one.taken
    assert other.taken
    assert one.labels[MODE] == other.labels[MODE] == "graceful"
    back = settle(execution.rolled_out(schedule.release), named=f"{schedule.release} back", within_s=ENDED_WITHIN_S)
    assert back.ok, back.summary
