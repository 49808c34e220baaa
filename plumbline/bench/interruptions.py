"""Interrupted anywhere, the same command goes on: a bring-up is ended at moments spread over it, run again, and destroyed."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plumbline.bench.commands import Commands, Ended
from plumbline.bench.figures import table
from plumbline.bench.leftovers import Place
from plumbline.components.node.belongings import Belonging
from plumbline.core import events
from plumbline.core.errors import BringUpFailed, ControlFailed

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
UP, DOWN = "up", "down"
_EARLIER = 0.8


@dataclass(frozen=True)
class Plan:
    """One interruption: the signal, and when it is sent, in seconds after the command began."""

    sign: signal.Signals
    after_s: float


@dataclass(frozen=True)
class Interruption:
    """What became of one.

    Attributes:
        plan: how it was done.
        during: the phases that it hit.
        interrupted: how the interrupted command ended.
        again: how the same command ended afterwards.
        destroyed: how destroying ended.
        left: what is on the machine that was not there before.
    """

    plan: Plan
    during: str
    interrupted: Ended
    again: Ended
    destroyed: Ended
    left: frozenset[Belonging]

    @property
    def as_it_should(self) -> bool:
        """Whether the interrupted command ended as one that was told to: by the signal's exit code (128 and its number)."""
        killed = self.plan.sign is signal.SIGKILL
        return self.interrupted.code == (-self.plan.sign if killed else 128 + self.plan.sign)

    @property
    def green(self) -> bool:
        """Whether all was as it should be: the end, the second try, and what is left."""
        return self.as_it_should and self.again.ok and self.destroyed.ok and not self.left

    def troubles(self) -> Iterator[str]:
        """Say what was not as it should be."""
        if not self.as_it_should:
            yield f"the interrupted command ended with {self.interrupted.code}: {self.interrupted.said}"
        for command, ended in ((UP, self.again), (DOWN, self.destroyed)):
            if not ended.ok:
                yield f"plumbline {command} ended with {ended.code}: {ended.said}"
        if self.left:
            yield f"left behind: {', '.join(sorted(map(str, self.left)))}"


def plans(count: int, seed: int, within_s: float) -> list[Plan]:
    """Return interruptions in equal shares of the signals, at random moments: one in each of ``count`` equal parts of the time.

    Args:
        count: how many.
        seed: the same seed gives the same plans.
        within_s: how long an uninterrupted bring-up takes, in seconds.
    """
    choose = random.Random(seed)  # noqa: S311
    signs = [SIGNALS[number % len(SIGNALS)] for number in range(count)]
    choose.shuffle(signs)
    return [Plan(sign, (part + choose.random()) * within_s / count) for part, sign in enumerate(signs)]


def measure(commands: Commands, place: Place, count: int, seed: int) -> Iterator[Interruption]:
    """Bring the stack up once to learn how long that takes; then interrupt it, and yield what became of each.

    Raises:
        BringUpFailed: it does not come up without any interruption either.
        ControlFailed: what stood before cannot be destroyed.
    """
    _demand(commands.run(DOWN))
    whole = commands.run(UP)
    if not whole.ok:
        raise BringUpFailed("the stack, uninterrupted,", whole.said)
    _demand(commands.run(DOWN))
    before = place.occupied()
    for planned in plans(count, seed, whole.seconds):
        plan, interrupted = _interrupt(commands, planned)
        during = _during(place, interrupted)
        again, destroyed = commands.run(UP), commands.run(DOWN)
        left = place.left_since(before)
        before |= left  # each is told once, of the interruption that left it
        yield Interruption(plan, during, interrupted, again, destroyed, left)


def _interrupt(commands: Commands, plan: Plan) -> tuple[Plan, Ended]:
    """Interrupt a bring-up, and return when and how; one that was faster is destroyed, and another interrupted earlier."""
    while (ended := commands.interrupt(UP, plan.after_s, plan.sign)).ok:
        _demand(commands.run(DOWN))
        plan = replace(plan, after_s=_EARLIER * plan.after_s)
    return plan, ended


def lines(done: Sequence[Interruption]) -> Iterator[str]:
    """Yield the table, the troubles, and the score."""
    header = ("#", "signal", "at", "during", "ended", "again", "seconds", "left")
    yield from table(header, [_row(number, one) for number, one in enumerate(done, 1)])
    for number, one in enumerate(done, 1):
        yield from (f"{number}: {trouble}" for trouble in one.troubles())
    yield f"{sum(one.green for one in done)} of {len(done)} interruptions went on to green and left nothing behind"


def _row(number: int, one: Interruption) -> tuple[str, ...]:
    return (
        str(number),
        one.plan.sign.name,
        f"{one.plan.after_s:.1f} s",
        one.during,
        str(one.interrupted.code),
        "green" if one.again.ok else f"exit {one.again.code}",
        f"{one.again.seconds:.1f}",
        str(len(one.left)),
    )


def _during(place: Place, ended: Ended) -> str:
    """Return the phases that a command was in when it was interrupted."""
    streams = list(place.paths.runs.glob(f"*-{ended.pid}/events.jsonl"))
    if not streams or ended.interrupted_at is None:
        return "preparation"
    return open_phases(events.read(streams[0]), ended.interrupted_at)


def open_phases(stream: Iterable[events.Event], at: datetime) -> str:
    """Return the innermost phase of each component that was open at a moment, "preparation" where none was."""
    inside: dict[tuple[str, str], None] = {}
    for event in stream:
        if datetime.fromisoformat(event["t"]) > at:
            break
        key = event["component"], event.get("phase", "")
        if event["event"] == "phase-start":
            inside[key] = None
        elif event["event"] == "phase-end":
            inside.pop(key, None)
    innermost = {component: phase for component, phase in inside if component not in ("wait", "stack")}
    return ", ".join(f"{component} {phase}" for component, phase in innermost.items()) or "preparation"


def _demand(ended: Ended) -> None:
    if not ended.ok:
        raise ControlFailed(f"plumbline {DOWN} ended with {ended.code}: {ended.said}")
