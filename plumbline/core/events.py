"""One stream of events for each run: what happened, when, to what, for how long.

Everything that reports (progress on the terminal, Allure, JSON, figures) is fed from this stream; nothing else is.
A line is ``{"t": <UTC, RFC 3339>, "run": ..., "component": ..., "event": ..., **fields}``.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Event = dict[str, Any]
Listener = Callable[[Event], None]


class Stream:
    """Events of one run: appended to a file (one write for each line, so that processes can share it) and handed to listeners."""

    def __init__(self, run: str, file: Path | None = None) -> None:
        """Open the stream of ``run``; without a ``file`` events reach the listeners only."""
        self.run, self.file = run, file
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hand every event from now on to ``listener``; call what is returned to stop."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, component: str, event: str, **fields: Any) -> None:
        """Record that ``event`` happened to ``component``."""
        record: Event = {
            "t": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self.run,
            "component": component,
            "event": event,
            **fields,
        }
        with self._lock:
            listeners = list(self._listeners)
        if self._descriptor is not None:
            os.write(self._descriptor, (json.dumps(record, default=str) + "\n").encode())
        for listener in listeners:
            listener(record)

    @contextmanager
    def phase(self, component: str, name: str, **fields: Any) -> Iterator[None]:
        """Record the start and the end of a phase, with its seconds and whether it ended well."""
        start = time.monotonic()
        self.emit(component, "phase-start", phase=name, **fields)
        try:
            yield
        except BaseException as error:
            took = round(time.monotonic() - start, 3)
            self.emit(
                component,
                "phase-end",
                phase=name,
                ok=False,
                seconds=took,
                error=str(error) or type(error).__name__,
                **fields,
            )
            raise
        self.emit(component, "phase-end", phase=name, ok=True, seconds=round(time.monotonic() - start, 3), **fields)


_current = Stream(run="none")


_runs = itertools.count(1)


def open_run(folder: Path, run: str | None = None) -> Stream:
    """Make the stream of a run below ``folder`` the current one (joining it where it exists) and return it."""
    global _current  # noqa: PLW0603  (one stream for each process is the point)
    run = run or new_run_name()
    _current = Stream(run, folder / run / "events.jsonl")
    return _current


def new_run_name() -> str:
    """Return a name for a new run that sorts by time; a process that begins another within the second counts them."""
    count = next(_runs)
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}" + (f"-{count}" if count > 1 else "")


def current() -> Stream:
    """Return this process' stream (before a run is opened: one that only listeners see)."""
    return _current


def emit(component: str, event: str, **fields: Any) -> None:
    """Record an event in the current stream."""
    _current.emit(component, event, **fields)


@contextmanager
def phase(component: str, name: str, **fields: Any) -> Iterator[None]:
    """Record a phase in the current stream."""
    with _current.phase(component, name, **fields):
        yield


def subscribe(listener: Listener) -> Callable[[], None]:
    """Hand every event of the current stream to ``listener``; call what is returned to stop."""
    return _current.subscribe(listener)


def read(file: Path) -> Iterator[Event]:
    """Yield the events in ``file``, skipping a last line that was cut by a crash."""
    with file.open() as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue
