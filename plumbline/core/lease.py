"""Use of something on this machine, alone or together with others, safe against the death of its holder."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, ReadWriteLock, Timeout

from plumbline.core import events, state
from plumbline.core.errors import PlumblineError

COMPONENT = "lease"
_SAY_AFTER_S = 1.0


class LeaseHeld(PlumblineError):
    """Somebody else holds what we need."""

    exit_code = 3

    def __init__(self, what: str, holder: str, waited_s: float) -> None:
        """Keep what is held, who holds it, and how long (seconds) we waited."""
        self.what, self.holder, self.waited_s = what, holder, waited_s
        super().__init__(f"{what} is in use by {holder} (waited {waited_s:.0f} s): wait for it to end, or end it")


@contextmanager
def exclusive(file: Path, what: str, *, within_s: float, purpose: str = "") -> Iterator[None]:
    """Hold ``what`` alone while the block runs.

    The lock is the kernel's (flock), so it ends with its holder, however that dies; a note beside it says who holds it.

    Args:
        file: the lock file.
        what: what is leased, in words.
        within_s: how long to wait for it, in seconds.
        purpose: what it is needed for, shown to others who wait.

    Raises:
        LeaseHeld: it was not free in time; the message names the holder.
    """
    lock = FileLock(_ready(file))
    with _held(lock.acquire, lock.release, file, what, within_s), _noted(file, purpose):
        yield


@contextmanager
def shared(file: Path, what: str, *, within_s: float, purpose: str = "") -> Iterator[None]:
    """Hold ``what`` together with others who share it; who wants it :func:`alone` waits, and those who come later wait for them.

    Taking it and giving it back stand on the event stream. The arguments and errors are those of :func:`exclusive`.
    """
    with (
        closing(_read_write(file)) as lock,
        _told("shared", purpose) as taken,
        _held(lock.acquire_read, lock.release, file, what, within_s),
        _noted(file, purpose),
    ):
        taken()
        yield


@contextmanager
def alone(file: Path, what: str, *, within_s: float, purpose: str = "") -> Iterator[None]:
    """Hold ``what`` while nobody shares it (:func:`shared`), whose events, arguments and errors it has, too."""
    with (
        closing(_read_write(file)) as lock,
        _told("alone", purpose) as taken,
        _held(lock.acquire_write, lock.release, file, what, within_s),
        _noted(file, purpose),
    ):
        taken()
        yield


@contextmanager
def _told(how: str, purpose: str) -> Iterator[Callable[[], None]]:
    """Put on the event stream when something is given back, and by what is yielded, when it was taken and how long that took."""
    asked = time.monotonic()
    held: list[str] = []

    def taken() -> None:
        held.append(how)
        events.emit(COMPONENT, "taken", how=how, purpose=purpose, waited_s=round(time.monotonic() - asked, 1))

    try:
        yield taken
    finally:
        if held:
            events.emit(COMPONENT, "given-back", how=how, purpose=purpose)


def _read_write(file: Path) -> ReadWriteLock:
    """Return the lock of those who share and of those who do not: the kernel's, too, on a file of SQLite's form."""
    return ReadWriteLock(_ready(file), is_singleton=False)


@contextmanager
def _held(
    acquire: Callable[..., Any], release: Callable[[], Any], file: Path, what: str, within_s: float
) -> Iterator[None]:
    """Hold a lock while the block runs, and tell for whom we wait where we do."""
    try:
        try:
            acquire(timeout=min(within_s, _SAY_AFTER_S))
        except Timeout:
            events.emit(COMPONENT, "notice", text=f"waiting for {what}, in use by {_holder(file)}")
            acquire(timeout=max(0.0, within_s - _SAY_AFTER_S))
    except Timeout:
        raise LeaseHeld(what, _holder(file), within_s) from None
    try:
        yield
    finally:
        release()


@contextmanager
def _noted(file: Path, purpose: str) -> Iterator[None]:
    """Have a note beside the lock that says who holds it."""
    note = _notes(file) / f"{os.getpid()}-{threading.get_ident()}.json"
    since = datetime.now(UTC).isoformat(timespec="seconds")
    state.write_json(note, {"pid": os.getpid(), "purpose": purpose, "since": since})
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _ready(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _notes(file: Path) -> Path:
    return file.with_suffix(".holders")


def _holder(file: Path) -> str:
    """Say who holds a lease, from the notes beside its lock; those of the dead are removed."""
    living = []
    for note in sorted(_notes(file).glob("*.json")):
        holder = state.read_json(note)
        if holder is None:
            continue
        if Path(f"/proc/{holder['pid']}").exists():
            living.append(f"process {holder['pid']} ({holder['purpose']}, since {holder['since']})")
        else:
            note.unlink(missing_ok=True)
    return " and ".join(living) or "somebody who left no note"
