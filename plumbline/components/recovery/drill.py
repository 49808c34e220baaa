"""A drill: a snapshot, a restore from it, its clients, and the way back, under traffic all the while; what it cost is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.components.base import Site
from plumbline.components.chain import heads
from plumbline.components.chain.heads import Watched
from plumbline.components.chain.transactions import HOST
from plumbline.components.entrance.traffic import Tally
from plumbline.components.ingress import Ingress
from plumbline.components.recovery.course import Course, Phase
from plumbline.components.recovery.cut import Mode, cut
from plumbline.components.recovery.restore import Restore, Restored
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError

NAME = "plumbline-drill"
OLD = "geth-follower-0"


@dataclass(frozen=True)
class Drill:
    """How one went.

    Attributes:
        mode: in what state the old node's volume was copied.
        restored: the node that took over; None where none did.
        failure: why none did, empty where one did.
        phases: the snapshot, then those of the restore.
        heads: what the old and the new node showed meanwhile, by name.
        tally: the requests of clients outside the cluster.
    """

    mode: Mode
    restored: Restored | None
    failure: str
    phases: tuple[Phase, ...]
    heads: Mapping[str, Watched]
    tally: Tally

    @property
    def rto_s(self) -> float:
        """From the beginning of the restore until clients are served by the new node, in seconds; without end where none is."""
        return self.phases[-1].end - self.phases[1].start if self.restored else float("inf")

    def allowed(self, config: Config) -> int:
        """Return how many blocks the copy may lack, by the budgets of a configuration."""
        return {Mode.GRACEFUL: config.rpo_blocks, Mode.CRASH_CONSISTENT: config.rpo_crash_blocks}[self.mode]

    def timeline(self) -> str:
        """Tell the phases with their seconds, the heads, and the requests."""
        began = self.phases[0].start
        told = [f"{p.start - began:6.1f} s  {p.seconds:5.1f} s  {p.name}" for p in self.phases]
        seen = [
            f"{name}: {' -> '.join(map(str, watched.heads)) or watched.error}" for name, watched in self.heads.items()
        ]
        return "\n".join([f"{self.mode}: {self.restored or self.failure}", *told, *seen, str(self.tally)])


def drill(site: Site, mode: Mode) -> Drill:
    """Snapshot the follower, restore it to a new node, send its clients there and back, and remove all of it."""
    restore, course = Restore(site), Course()
    traffic = Ingress(site).traffic(HOST)
    watched = (restore.execution.node(OLD), restore.replacement.node)
    restored, failure = None, ""
    clear(restore)  # of an interrupted one
    try:
        with traffic.flowing() as tally, heads.watched(watched) as seen:
            try:
                with course.phase("snapshot ready"):
                    cut(restore.execution, restore.snapshots, OLD, mode, NAME)
                restored = restore.judged(NAME, course=course)
                restore.take_over(restored)
            except PlumblineError as error:
                failure = str(error)
            shown = seen()
            restore.undo()
    finally:
        clear(restore)
    return Drill(mode, None if failure else restored, failure, tuple(course.phases), shown, tally)


def clear(restore: Restore) -> None:
    """Remove what is left of a drill."""
    if restore.replacement.present:
        restore.undo()
    restore.snapshots.remove(NAME)
