"""The schedule of a release's snapshots: the CronJob of the chart ``geth-node``, its Jobs, and what they have left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from plumbline.components.volumes.chain_marks import SCHEDULE
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.core import wait
from plumbline.kube import jobs
from plumbline.kube.api import Kube, Object, pod_state

_WORK = re.compile(r"^(\S+) snapshot (turn|over)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One Job of the schedule, as it ended.

    Attributes:
        name: its name, and that of the snapshot that it takes.
        ok: whether it took it.
        tries: how many pods it needed.
        said: what its last pod said.
    """

    name: str
    ok: bool
    tries: int
    said: str

    def __str__(self) -> str:
        """Tell it in words."""
        return f"Job {self.name}: {'complete' if self.ok else 'failed'} after {self.tries} tries: {self.said}"


@dataclass(frozen=True)
class SnapshotSchedule:
    """The CronJob of one release."""

    kube: Kube
    release: str
    namespace: str

    @property
    def name(self) -> str:
        """The CronJob's name."""
        return f"{self.release}-snapshot"

    @property
    def kept(self) -> list[Snapshot]:
        """What it has taken and not removed yet, newest first."""
        return Snapshots(self.kube, self.namespace).all(f"{SCHEDULE}={self.release}")

    def orphans(self) -> dict[str, str]:
        """Return the names of contents that are left of snapshots which are gone, each with that one's name."""
        return Snapshots(self.kube, self.namespace).orphans()

    def start(self, number: int) -> str:
        """Make a Job as the CronJob's controller does when it is time, and return its name (:func:`jobs.start`)."""
        return jobs.start(self.kube, self.name, self.namespace, number)

    def ended(self, name: str) -> wait.Condition[Run]:
        """Return the condition that a Job has ended, well or not."""

        def judge(found: dict[str, Object]) -> wait.Observation[Run]:
            ok = jobs.outcome(found.get(name, {}))
            run = self._run(name, bool(ok))
            return wait.Observation(ok is not None, run, f"{run.said} (try {run.tries})" if ok is None else str(run))

        return self.kube.watch("Job", self.namespace, judge, name=name)

    def work_of(self, job: str) -> tuple[datetime, datetime]:
        """Return from when to when a Job was at work, as its own log tells: one waits for its turn.

        Raises:
            LookupError: its log does not tell.
        """
        said = [
            self.kube.logs(self.namespace, pod["metadata"]["name"])
            for pod in jobs.pods_of(self.kube, job, self.namespace)
        ]
        found = {match[2]: match[1] for text in said for match in _WORK.finditer(text)}
        if len(found) < 2:
            raise LookupError(f"the log of Job {job} does not say when it worked: {said}")
        return datetime.fromisoformat(found["turn"]), datetime.fromisoformat(found["over"])

    def by_the_clock(self, known: set[str]) -> wait.Condition[str]:
        """Return the condition that there is a Job that nobody here started; the value is its name.

        Args:
            known: names of Jobs that do not count.
        """

        def judge(found: dict[str, Object]) -> wait.Observation[str]:
            own = [name for name in found if name.startswith(f"{self.name}-") and name not in known]
            return wait.Observation(bool(own), own[0] if own else "", f"{self.name} has not been due yet")

        return self.kube.watch("Job", self.namespace, judge)

    def jobs(self) -> set[str]:
        """Return the names of its Jobs."""
        names = (str(job["metadata"]["name"]) for job in self.kube.objects("Job", self.namespace))
        return {name for name in names if name.startswith(f"{self.name}-")}

    def forget(self) -> None:
        """Remove its Jobs and all that they have taken."""
        for name in self.jobs():
            self.kube.delete("Job", name, self.namespace)
            for pod in jobs.pods_of(self.kube, name, self.namespace):
                self.kube.delete("Pod", pod["metadata"]["name"], self.namespace, grace_s=0)
        Snapshots(self.kube, self.namespace).remove(*(snapshot.name for snapshot in self.kept))

    def _run(self, name: str, ok: bool) -> Run:
        pods = jobs.pods_of(self.kube, name, self.namespace)
        return Run(name, ok, len(pods), pod_state(pods[-1]) if pods else "no pod yet")
