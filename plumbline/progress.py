"""Progress for people: the event stream as lines on the terminal, with the seconds since the start, and those that are left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from plumbline.core import events

_QUIET = {"wait"}  # what is waited for shows as the component's own phase


class Printer:
    """Prints an event stream line by line; meant for a terminal and for a CI log alike."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Print to ``out`` (default: standard error)."""
        self.out = out or sys.stderr
        self.start = time.monotonic()
        self._left_s: dict[str, float] = {}  # after the end of each phase, as earlier runs tell

    def __call__(self, event: events.Event) -> None:
        """Print what a person wants to know of an event, if anything."""
        line = self._line(event)
        if (event["component"], event["event"]) == ("stack", "phase-end"):
            self._left_s = {}  # what comes after the bring-up is none of its phases
        if line:
            print(f"{time.monotonic() - self.start:7.1f} s  {event['component']:<15} {line}", file=self.out, flush=True)

    def _line(self, event: events.Event) -> str:
        component, what = event["component"], event["event"]
        if component in _QUIET:
            return ""
        if what == "phase-start":
            return f"{event['phase']} …"
        if what == "phase-end" and event["ok"]:
            return f"{event['phase']}: {event['seconds']:.1f} s{self._left(f'{component} {event["phase"]}')}"
        if what == "phase-end":
            return f"{event['phase']} failed after {event['seconds']:.1f} s"  # why is said once, at the end
        if what in {"progress", "notice", "warning"}:
            return f"{'warning: ' if what == 'warning' else ''}{event.get('text', '')}"
        if what == "reused":
            return "used again as it stands"
        if what == "expected":
            self._left_s = event["left_s"]
            return f"about {event['seconds']:.0f} s to go, as in {event['runs']} runs before"
        return ""

    def _left(self, phase: str) -> str:
        """Say how long the bring-up usually goes on after a phase, where that is known and more than a second."""
        left_s = self._left_s.get(phase, 0.0)
        return f" (about {left_s:.0f} s to go)" if left_s >= 1 else ""


@contextmanager
def shown(out: TextIO | None = None) -> Iterator[None]:
    """Show the current stream while the block runs."""
    stop = events.subscribe(Printer(out))
    try:
        yield
    finally:
        stop()
