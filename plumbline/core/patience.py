"""Waiting whose end is not an error: a claim that did not come true in time is judged by who asked, on what was seen last."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic, TypeVar

from plumbline.core import events, wait

T = TypeVar("T")


@dataclass(frozen=True)
class Settled(Generic[T]):
    """How a wait ended.

    Attributes:
        ok: whether the condition came to hold.
        value: what was seen last; None where nothing ever was.
        summary: the last state in words.
        seconds: how long it took.
    """

    ok: bool
    value: T | None
    summary: str
    seconds: float


def settle(condition: wait.Condition[T], *, named: str, within_s: float) -> Settled[T]:
    """Wait until a condition holds, or the time is over, and say which.

    Args:
        condition: what is waited for.
        named: what it is, in words.
        within_s: how long, in seconds.
    """
    deadline = wait.Deadline(within_s)
    start = time.monotonic()
    value: T | None = None
    summary = "nothing seen"
    with events.phase("wait", named):
        for seen in condition.observe(deadline):
            value = value if seen.value is None else seen.value
            summary = seen.summary
            if seen.ok or deadline.passed:
                return Settled(seen.ok, value, summary, time.monotonic() - start)
    return Settled(False, value, summary, time.monotonic() - start)
