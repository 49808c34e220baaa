"""For whom a fault is meant: for everybody, or for one client that has a way of its own to the Beacon API.

With a control port, `/for/NAME/eth/v1/...` is served like `/eth/v1/...`, under the faults that are meant for NAME alone: what
one client is told can be spoilt while everybody else is told the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from plumbline_beacon.faults import Faults

ALONE: Final = "/for/{client}"


class Audience:
    """Everybody's faults, and those of single clients."""

    def __init__(self, served: Callable[[], Any]) -> None:
        """Start without faults; the argument is that of :class:`Faults`."""
        self._served = served
        self.everybody = Faults(served)
        self._alone: dict[str, Faults] = {}

    def of(self, client: str | None) -> Faults:
        """Return the faults that a client sees: its own, or everybody's where none was ever meant for it."""
        return self.everybody if client is None else self._alone.get(client, self.everybody)

    def alone(self, client: str) -> Faults:
        """Return the faults that are meant for one client."""
        return self._alone.setdefault(client, Faults(self._served))
