"""Waiting: every wait has a name, a deadline, and an error that shows what was last seen.

A :class:`Condition` is observed, not asked: it yields an :class:`Observation` each time that something changed.
What can be watched is watched; :func:`poll` is for the rest. This is the only module that sleeps.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from plumbline.core import events
from plumbline.core.errors import PlumblineError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Observation(Generic[T_co]):
    """What was seen at one moment.

    Attributes:
        ok: whether the condition holds.
        value: what the waiter gets when it holds.
        summary: the state in words, for the person who reads the time-out.
    """

    ok: bool
    value: T_co
    summary: str


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, within_s: float, cancelled: threading.Event | None = None) -> None:
        """Set the deadline ``within_s`` seconds from now; ``cancelled`` ends every wait that looks at it."""
        self.within_s = within_s
        self.cancelled = cancelled or threading.Event()
        self._end = time.monotonic() + within_s

    @property
    def left_s(self) -> float:
        """Seconds until the deadline, 0 when it has passed or the wait was cancelled."""
        return 0.0 if self.cancelled.is_set() else max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left_s <= 0


class Condition(Protocol[T_co]):
    """Something that may come to hold."""

    def observe(self, deadline: Deadline) -> Iterator[Observation[T_co]]:
        """Yield what is seen, first at once and then at each change, until the deadline at the latest."""


class Timeout(PlumblineError):
    """A condition did not hold in time."""

    def __init__(self, named: str, waited_s: float, last: str, changed_s_ago: float, look: str) -> None:
        """Keep what was waited for, how long (seconds), the last state, its age (seconds), and how to look further."""
        self.named, self.waited_s, self.last, self.changed_s_ago, self.look = named, waited_s, last, changed_s_ago, look
        super().__init__(
            f"{named}: {last} after {waited_s:.1f} s – last change {changed_s_ago:.0f} s ago"
            + (f"; see {look}" if look else "")
        )


class Cancelled(PlumblineError):
    """A wait was given up because something else failed first."""


def until(
    condition: Condition[T],
    *,
    named: str,
    within_s: float,
    look: str = "",
    cancelled: threading.Event | None = None,
) -> T:
    """Wait until ``condition`` holds and return its value.

    Args:
        condition: what is waited for.
        named: what it is, in words; the error begins with it.
        within_s: deadline in seconds.
        look: the command that shows more.
        cancelled: when set, the wait ends with :class:`Cancelled`.

    Raises:
        Timeout: it did not hold in time; the message shows the last state.
        Cancelled: ``cancelled`` was set.
    """
    deadline = Deadline(within_s, cancelled)
    start = changed = time.monotonic()
    last = "nothing seen yet"
    with events.phase("wait", named):
        for seen in condition.observe(deadline):
            if seen.ok:
                return seen.value
            if seen.summary != last:
                last, changed = seen.summary, time.monotonic()
                events.emit("wait", "observed", named=named, state=last)
            if deadline.passed:
                break
        if cancelled is not None and cancelled.is_set():
            raise Cancelled(f"{named}: given up after {time.monotonic() - start:.1f} s, because something else failed")
        raise Timeout(named, time.monotonic() - start, last, time.monotonic() - changed, look)


@dataclass(frozen=True)
class _Poll(Generic[T]):
    look: Callable[[], Observation[T]]
    every_s: float

    def observe(self, deadline: Deadline) -> Iterator[Observation[T]]:
        while True:
            try:
                yield self.look()
            except (PlumblineError, OSError, ValueError, LookupError) as error:
                yield Observation(False, None, f"{type(error).__name__}: {error}")  # type: ignore[arg-type]
            pause(self.every_s, deadline)
            if deadline.passed:
                return


def poll(look: Callable[[], Observation[T]], *, every_s: float = 0.05) -> Condition[T]:
    """Make a condition of something that cannot be watched: ask again every ``every_s`` seconds (with jitter).

    A refusal (network error, missing key, our own error) counts as "not yet", with its text as the state.
    """
    return _Poll(look, every_s)


def holds(test: Callable[[], T], *, every_s: float = 0.05, named: Callable[[T], str] = str) -> Condition[T]:
    """Make a condition of a function whose truthy result means that it holds; the result is shown as the state."""

    def look() -> Observation[T]:
        value = test()
        return Observation(bool(value), value, named(value))

    return _Poll(look, every_s)


def pause(seconds: float, deadline: Deadline) -> None:
    """Let time pass before something is asked again: with jitter, and no longer than the deadline."""
    deadline.cancelled.wait(min(seconds * random.uniform(0.8, 1.2), max(deadline.left_s, 0.001)))  # noqa: S311


def moment(at: float, named: str) -> None:
    """Let the wall clock reach ``at`` (seconds since the epoch): for what is tied to slots, not to an event."""
    left = at - time.time()
    if left > 0:
        with events.phase("wait", named):
            threading.Event().wait(left)


def every(*conditions: Condition[Any]) -> Condition[list[Any]]:
    """Hold when all of the conditions have held, one after another (each is monotonic while things come up)."""

    @dataclass(frozen=True)
    class _Every:
        parts: tuple[Condition[Any], ...]

        def observe(self, deadline: Deadline) -> Iterator[Observation[list[Any]]]:
            values: list[Any] = []
            for part in self.parts:
                for seen in part.observe(deadline):
                    if seen.ok:
                        values.append(seen.value)
                        break
                    yield Observation(False, values, seen.summary)
                    if deadline.passed:
                        return
                else:
                    return
            yield Observation(True, values, "all hold")

    return _Every(conditions)
