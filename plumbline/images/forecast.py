"""How long a build takes: told from the start, from what its jobs took before, and corrected as they end."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Iterable, Mapping

from plumbline.core import events, graph, state
from plumbline.core.graph import Job
from plumbline.images.workshop import Workshop

FILE = "local/images/durations.toml"
_UNKNOWN_S = {"compile": 120.0, "light": 2.0}
_WORTH_TELLING_S = 60.0


class Forecast:
    """The jobs of one build, watched."""

    def __init__(self, shop: Workshop, jobs: Iterable[Job], limits: Mapping[str, int]) -> None:
        """Expect of each job what it took on this machine, else what the checkout recorded (seconds)."""
        self._limits = dict(limits)
        self._left = {job.name: job for job in jobs}
        self._count = len(self._left)
        self._history = shop.store.path("durations.json")
        self._expected_s: dict[str, float] = {**state.read_toml(shop.paths.root / FILE, FILE), **self._known()}
        self._started: dict[str, float] = {}
        self._lock = threading.Lock()

    def left_s(self) -> float:
        """Return the seconds until all is done, if every job takes what is expected of it."""
        jobs = [
            dataclasses.replace(job, needs=tuple(need for need in job.needs if need in self._left))
            for job in self._left.values()
        ]
        return graph.makespan(jobs, self._limits, self._still_takes_s)

    def watched(self) -> list[Job]:
        """Return the jobs so that each tells, when it ends, how far the build is; say first how long it will take."""
        events.emit("images", "progress", text=f"{self._count} jobs, {_about(self.left_s())}", jobs=self._count)
        return [dataclasses.replace(job, run=self._watched(job)) for job in self._left.values()]

    def _watched(self, job: Job) -> graph.Run:
        def run() -> None:
            start = self._started[job.name] = time.monotonic()
            job.run()
            self._ended(job, time.monotonic() - start)

        return run

    def _ended(self, job: Job, seconds: float) -> None:
        with self._lock:
            del self._left[job.name]
            state.write_json(self._history, {**self._known(), job.name: round(seconds, 1)})
            done, left_s = self._count - len(self._left), self.left_s()
        if left_s >= _WORTH_TELLING_S:
            text = f"{done} of {self._count} done, {_about(left_s)} left"
            events.emit("images", "progress", text=text, done=done, jobs=self._count, left_s=round(left_s))

    def _still_takes_s(self, job: Job) -> float:
        expected_s = self._expected_s.get(job.name, _UNKNOWN_S[job.lane])
        began = self._started.get(job.name)
        return expected_s if began is None else max(0.0, expected_s - (time.monotonic() - began))

    def _known(self) -> dict[str, float]:
        return state.read_json(self._history) or {}


def _about(seconds: float) -> str:
    return "less than a minute" if seconds < _WORTH_TELLING_S else f"about {math.ceil(seconds / 60)} min"
