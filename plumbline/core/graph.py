"""A small graph of jobs: each runs when what it needs is done, first listed first, and the first failure ends the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from plumbline.core import shell
from plumbline.core.errors import ConfigError

_END_EVERY_S = 0.2
Run = Callable[[], None]


class GraphError(ConfigError):
    """The jobs cannot be ordered: one needs itself, or something that is not there."""


@dataclass(frozen=True)
class Job:
    """One thing to do.

    Attributes:
        name: its name, unique in the graph.
        needs: names of the jobs that must be done before.
        run: does it.
        lane: jobs of one lane share that lane's limit (a compiler keeps all cores busy by itself).
    """

    name: str
    needs: tuple[str, ...]
    run: Run
    lane: str = "light"


def order(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs so that each comes after what it needs, otherwise as listed.

    Raises:
        GraphError: a need is unknown, or needs go in a circle.
    """
    by_name = {job.name: job for job in jobs}
    ordered: dict[str, Job] = {}

    def place(job: Job, on_the_way: tuple[str, ...]) -> None:
        if job.name in on_the_way:
            raise GraphError(f"jobs need each other in a circle: {' -> '.join((*on_the_way, job.name))}")
        for need in job.needs:
            if need not in by_name:
                raise GraphError(f"{job.name} needs {need}, which is not in the graph")
            if need not in ordered:
                place(by_name[need], (*on_the_way, job.name))
        ordered[job.name] = job

    for job in jobs:
        if job.name not in ordered:
            place(job, ())
    return list(ordered.values())


def run(jobs: Sequence[Job], limits: Mapping[str, int], cancelled: threading.Event | None = None) -> None:
    """Run the jobs in parallel, at most ``limits[lane]`` of each lane at once.

    After a failure nothing new starts; what is running ends, and the first failure is raised.

    Args:
        jobs: what is to be done.
        limits: of each lane.
        cancelled: set when a job has failed, or we are interrupted: what still runs may end early.
    """
    cancelled = cancelled or threading.Event()
    waiting = order(jobs)
    done: set[str] = set()
    running: dict[Future[None], Job] = {}
    first_failure: BaseException | None = None
    with ThreadPoolExecutor(max_workers=sum(limits.values()), thread_name_prefix="job") as pool:
        try:
            while waiting or running:
                for job in _startable(waiting, done, running.values(), limits):
                    waiting.remove(job)
                    running[pool.submit(job.run)] = job
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    job = running.pop(future)
                    if failure := future.exception():
                        first_failure = first_failure or failure
                        waiting = []
                        cancelled.set()
                    done.add(job.name)
        except BaseException:
            cancelled.set()
            while wait(running, timeout=_END_EVERY_S).not_done:
                shell.end_all_others()  # and what they start after it
            raise
    if first_failure is not None:
        raise first_failure


def makespan(jobs: Sequence[Job], limits: Mapping[str, int], takes_s: Callable[[Job], float]) -> float:
    """Return how many seconds :func:`run` needs for the jobs, if each takes what ``takes_s`` says."""
    waiting, done, now_s = order(jobs), set[str](), 0.0
    ends_s: dict[Job, float] = {}
    while waiting or ends_s:
        for job in _startable(waiting, done, ends_s, limits):
            waiting.remove(job)
            ends_s[job] = now_s + takes_s(job)
        first = min(ends_s, key=lambda job: ends_s[job])
        now_s = ends_s.pop(first)
        done.add(first.name)
    return now_s


def _startable(waiting: Iterable[Job], done: set[str], running: Iterable[Job], limits: Mapping[str, int]) -> list[Job]:
    room = dict(limits)
    for job in running:
        room[job.lane] -= 1
    chosen = []
    for job in waiting:
        if room[job.lane] > 0 and done.issuperset(job.needs):
            room[job.lane] -= 1
            chosen.append(job)
    return chosen
