"""Locks by id: one operation at a time on a volume or snapshot, without a table that grows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from plumbline_csi.errors import Aborted

PATIENCE_S = 30.0


class KeyedLocks:
    """Holds sets of ids; all ids of an operation are taken at once, so two operations cannot deadlock."""

    def __init__(self) -> None:
        """Start with nothing held."""
        self._held: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, *ids: str) -> Iterator[None]:
        """Wait until none of the ids is held, and hold them; an empty id stands for nothing.

        Raises:
            Aborted: another operation kept one of them for longer than PATIENCE_S (the CSI error scheme's
                "operation pending for volume": the caller tries again).
        """
        wanted = set(filter(None, ids))
        with self._changed:
            if not self._changed.wait_for(lambda: self._held.isdisjoint(wanted), timeout=PATIENCE_S):
                busy = ", ".join(sorted(self._held & wanted))
                raise Aborted(f"another operation on {busy} is still under way after {PATIENCE_S:.0f} s: try again")
            self._held |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._held -= wanted
                self._changed.notify_all()
