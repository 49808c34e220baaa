"""Exclusive use of something on this machine, safe against the death of its holder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from plumbline.core import events, state
from plumbline.core.errors import PlumblineError

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

    The lock is the kernel's (flock), so it ends with its holder, however that dies; the file beside it says who holds it.

    Args:
        file: the lock file.
        what: what is leased, in words.
        within_s: how long to wait for it, in seconds.
        purpose: what it is needed for, shown to others who wait.

    Raises:
        LeaseHeld: it was not free in time; the message names the holder.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    note = file.with_suffix(".holder.json")
    lock = FileLock(file)
    try:
        try:
            lock.acquire(timeout=min(within_s, _SAY_AFTER_S))
        except Timeout:
            events.emit("lease", "notice", text=f"waiting for {what}, in use by {_holder(note)}")
            lock.acquire(timeout=max(0.0, within_s - _SAY_AFTER_S))
    except Timeout:
        raise LeaseHeld(what, _holder(note), within_s) from None
    try:
        state.write_json(
            note, {"pid": os.getpid(), "purpose": purpose, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        )
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    """Say who holds a lease, from the note beside its lock."""
    holder = state.read_json(note) or {}
    return f"process {holder.get('pid', '?')} ({holder.get('purpose', '?')}, since {holder.get('since', '?')})"
