"""A copy of a node's volume, opened by the client itself without a network: what a snapshot is worth shows only then."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plumbline.components.volumes import copies
from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Kube

_NAME = "plumbline-copy"
_LAST_WORDS = 500  # characters
_METADATA = ("geth", "db", "metadata", "--datadir=/data")
_NUMBER = re.compile(r"headBlock\.Number\s*\|\s*(\d+)")
_HASH = re.compile(r"headBlock\.Hash\s*\|\s*(0x[0-9a-f]{64})")


class CopyUnreadable(PlumblineError):
    """The client cannot make sense of a copy."""

    def __init__(self, snapshot: Snapshot, reason: str) -> None:
        """Keep the snapshot, and what the client said."""
        self.snapshot, self.reason = snapshot, reason
        super().__init__(f"a copy restored from {snapshot} cannot be opened: {reason}")


@dataclass(frozen=True)
class Head:
    """The head that a database records."""

    number: int
    hash: str

    def __str__(self) -> str:
        """Show both."""
        return f"block {self.number} ({self.hash})"


def head(kube: Kube, snapshot: Snapshot, image: str) -> Head:
    """Return the head in a snapshot of a node's volume.

    Args:
        kube: the API server.
        snapshot: the snapshot; it stays as it is, the copy that is opened is removed.
        image: the client's image.

    Raises:
        CopyUnreadable: the copy cannot be mounted, or the client cannot open it.
    """
    try:
        with copies.ran(kube, snapshot, _NAME, _METADATA, image=image, path="/data") as ended:
            said = ended.said
    except wait.Timeout as timeout:
        raise CopyUnreadable(snapshot, str(timeout)) from timeout
    found = recorded(said)
    if found is None or not ended.ok:
        raise CopyUnreadable(snapshot, said[-_LAST_WORDS:])
    return found


def recorded(said: str) -> Head | None:
    """Return the head in what ``geth db metadata`` prints, None where it records none."""
    number, hash_ = _NUMBER.search(said), _HASH.search(said)
    return Head(int(number[1]), hash_[1]) if number and hash_ else None
