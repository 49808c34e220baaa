"""How a restore went: its phases, one after the other, by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from plumbline.core import events


@dataclass(frozen=True)
class Phase:
    """One phase, named after what ends it.

    Attributes:
        name: what holds when it is over.
        start: when it began (seconds since the Unix epoch).
        end: when it was over, well or not.
    """

    name: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass
class Course:
    """The phases so far."""

    phases: list[Phase] = field(default_factory=list)
    now: Callable[[], float] = time.time

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Note a phase, on the event stream, too."""
        start = self.now()
        try:
            with events.phase("restore", name):
                yield
        finally:
            self.phases.append(Phase(name, start, self.now()))

    @property
    def seconds(self) -> float:
        """From the beginning of the first to the end of the last."""
        return self.phases[-1].end - self.phases[0].start if self.phases else 0.0

    def __str__(self) -> str:
        """Tell them in a line."""
        return ", ".join(f"{phase.name} {phase.seconds:.1f} s" for phase in self.phases)
