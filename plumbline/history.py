"""How long bring-ups took before: what is to be expected of the next one, and where it was slower than its like."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from plumbline.core import events, state

COMPONENT = "stack"
SLOWER_THAN = 1.3
_ENOUGH = 3  # the median of fewer says little
_NOTICED_S = 3.0  # the parts share the processors: shorter differences come by themselves
_KEPT = 100
_BUILDS = "images build"  # with it, a bring-up is like no other


@dataclass(frozen=True)
class Ended:
    """The end of a phase.

    Attributes:
        at_s: when it was, in seconds since the bring-up began.
        seconds: how long the phase took.
    """

    at_s: float
    seconds: float


@dataclass
class BringUp:
    """One bring-up.

    Attributes:
        kind: what it had to do; those of one kind can be compared.
        seconds: how long it took.
        phases: its phases, by "component phase".
    """

    kind: Mapping[str, Any]
    seconds: float = 0.0
    phases: dict[str, Ended] = field(default_factory=dict)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> BringUp:
        """Return one from its entry in the history."""
        phases = {name: Ended(**ended) for name, ended in plain["phases"].items()}
        return cls(plain["kind"], plain["seconds"], phases)


@dataclass(frozen=True)
class Slower:
    """A bring-up, or a phase of it, that took notably longer than those before it.

    Attributes:
        what: its name.
        seconds: how long it took.
        usual_s: the median of the earlier ones, in seconds.
        runs: how many those are.
    """

    what: str
    seconds: float
    usual_s: float
    runs: int

    def __str__(self) -> str:
        """Say it in a sentence."""
        more = 100 * (self.seconds / self.usual_s - 1)
        usual = f"the usual {self.usual_s:.1f} s (median of {self.runs})"
        return f"{self.what} took {self.seconds:.1f} s, {more:.0f} % more than {usual}"


class History:
    """The bring-ups of a checkout, the latest last."""

    def __init__(self, file: Path) -> None:
        """Keep them in a file."""
        self._file = file

    def like(self, kind: Mapping[str, Any]) -> list[BringUp]:
        """Return the bring-ups of a kind that built no images."""
        found = [BringUp.of(entry) for entry in self._entries() if entry.get("kind") == kind]
        return [run for run in found if _BUILDS not in run.phases]

    def add(self, run: BringUp) -> None:
        """Keep one more; the oldest go."""
        state.append_json(self._file, {"at": round(time.time()), **asdict(run)}, kept=_KEPT)

    def _entries(self) -> list[dict[str, Any]]:
        return state.read_json(self._file) or []


@contextmanager
def recorded(run: BringUp) -> Iterator[None]:
    """Note the phases of a bring-up, and how long it takes, while the block runs."""
    start = time.monotonic()

    def hear(event: events.Event) -> None:
        if event["event"] == "phase-end" and event["ok"]:
            at_s = round(time.monotonic() - start, 2)
            run.phases[f"{event['component']} {event['phase']}"] = Ended(at_s, round(event["seconds"], 2))

    stop = events.subscribe(hear)
    try:
        yield
    finally:
        stop()
        run.seconds = round(time.monotonic() - start, 2)


def announce(earlier: Sequence[BringUp]) -> None:
    """Put on the event stream what is to be expected after earlier bring-ups of the same kind, where there are any."""
    if earlier:
        seconds = median(run.seconds for run in earlier)
        events.emit(COMPONENT, "expected", seconds=round(seconds, 1), runs=len(earlier), left_s=left_after(earlier))


def left_after(earlier: Sequence[BringUp]) -> dict[str, float]:
    """Return for each phase how many seconds the bring-up goes on after its end, in the median."""
    left: dict[str, list[float]] = {}
    for run in earlier:
        for name, ended in run.phases.items():
            left.setdefault(name, []).append(run.seconds - ended.at_s)
    return {name: round(median(values), 1) for name, values in left.items()}


def slower(run: BringUp, earlier: Sequence[BringUp]) -> list[Slower]:
    """Return what of a bring-up took notably longer than in the median of earlier ones: itself first, then components."""
    if len(earlier) < _ENOUGH or _BUILDS in run.phases:
        return []
    found = [compared("the bring-up", run.seconds, [one.seconds for one in earlier])]
    for name, ended in run.phases.items():
        if name.endswith(" up"):
            before = [one.phases[name].seconds for one in earlier if name in one.phases]
            found.append(compared(name.removesuffix(" up"), ended.seconds, before))
    return [one for one in found if one is not None]


def compared(what: str, seconds: float, before: Sequence[float]) -> Slower | None:
    """Return by how much something took longer than before, or None where that is not notable or too little is known."""
    if len(before) < _ENOUGH:
        return None
    usual = median(before)
    notable = seconds > SLOWER_THAN * usual and seconds - usual > _NOTICED_S
    return Slower(what, seconds, usual, len(before)) if notable else None
