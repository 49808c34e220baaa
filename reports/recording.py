"""One test's part of the event stream, as steps, attachments and figures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from plumbline.core import events
from reports import evidence
from reports.redact import redact

Plain = dict[str, Any]
MAX_STEPS = 500  # of one test; the event stream has the rest


@dataclass
class Recording:
    """What happens in the thread that made it, from :meth:`start` to :meth:`stop`, ready to be sent to another process.

    Other threads (a bring-up in parallel, recorders in the background) are left to the event stream.
    """

    mirror: Callable[[events.Event], None] | None = None
    steps: list[Plain] = field(default_factory=list)
    attachments: list[Plain] = field(default_factory=list)
    figures: list[Plain] = field(default_factory=list)
    _open: list[Plain] = field(default_factory=list)
    _count: int = 0
    _thread: int = field(default_factory=threading.get_ident)
    _leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Listen to the event stream."""
        self._leave = events.subscribe(self._hear)

    def stop(self) -> None:
        """Listen no more; a second call does nothing."""
        if self._leave is not None:
            self._leave()
            self._leave = None

    def _hear(self, event: events.Event) -> None:
        if threading.get_ident() != self._thread:
            return
        match event["event"]:
            case "phase-start":
                self._begin(event)
            case "phase-end":
                self._end(event)
            case "attachment" if event["component"] == evidence.COMPONENT:
                self.attachments.append({key: event[key] for key in ("name", "media_type", "file", "size_bytes")})
            case "figure" if event["component"] == evidence.COMPONENT:
                self.figures.append({key: event[key] for key in ("name", "value", "unit", "target", "bound")})
            case _:
                return
        if self.mirror is not None:
            self.mirror(event)

    def _begin(self, event: events.Event) -> None:
        step: Plain = {"name": title(event), "seconds": 0.0, "ok": True, "error": "", "steps": []}
        if self._count < MAX_STEPS:
            (self._open[-1]["steps"] if self._open else self.steps).append(step)
        self._count += 1
        self._open.append(step)

    def _end(self, event: events.Event) -> None:
        if self._open:  # a phase that began before the recording is not ours
            step = self._open.pop()
            step.update(seconds=event["seconds"], ok=event["ok"], error=redact(str(event.get("error", ""))))


def title(event: events.Event) -> str:
    """Return the name of a phase as a step: the test's own as they are, others with the component they are of."""
    name, component = str(event["phase"]), str(event["component"])
    return name if component == evidence.COMPONENT else f"{component}: {name}"
