"""Whether a snapshot may be restored here at all: judged by what is known of it, before anything is made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plumbline.components.volumes.chain_marks import ChainMarks
from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core.errors import UsageError

_GETH = re.compile(r"Geth/v(\d+)\.(\d+)\.(\d+)")
_TAG = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class SnapshotMissing(UsageError):
    """There is no such snapshot."""

    def __init__(self, name: str, namespace: str, known: Sequence[str]) -> None:
        """Keep its name, where it was looked for, and those that there are."""
        self.name, self.namespace, self.known = name, namespace, tuple(known)
        there = f"name one of {', '.join(known)}" if known else "take one first, there is none yet"
        super().__init__(f'there is no snapshot "{name}" in namespace {namespace}: {there}')


class SnapshotUnready(UsageError):
    """A snapshot cannot be restored yet, or never."""

    def __init__(self, name: str, error: str) -> None:
        """Keep its name, and what its driver says of it."""
        self.name, self.error = name, error
        super().__init__(
            f"snapshot {name} is not ready ({error or 'it is still being cut'}): wait for it, or name another one"
        )


class WrongNetwork(UsageError):
    """A snapshot is of another chain than the one that is followed here."""

    def __init__(self, name: str, has: str, here: str) -> None:
        """Keep the snapshot's name, its chain, and ours, in words."""
        self.name, self.has, self.here = name, has, here
        super().__init__(
            f"snapshot {name} is of another network ({has}; here it is {here}): name a snapshot of this one"
        )


class WrongClient(UsageError):
    """A snapshot was written by a client that the one to be started cannot follow."""

    def __init__(self, name: str, written_by: str, tag: str) -> None:
        """Keep the snapshot's name, what wrote it, and the version that would have to read it."""
        self.name, self.written_by, self.tag = name, written_by, tag
        super().__init__(
            f"snapshot {name} was written by {written_by}, which Geth {tag} may not be able to read: restore it with that "
            "version or a later one (image.tag of charts/geth-node), or name an older snapshot"
        )


def admit(snapshot: Snapshot, marks: ChainMarks, chain_id: int, genesis_hash: str, tag: str) -> None:
    """Refuse what cannot become a node here.

    Args:
        snapshot: it.
        marks: what is known of the chain in it.
        chain_id: of the chain that is followed here.
        genesis_hash: likewise; devnets may share a chain id.
        tag: version of the client that would be started on the copy.

    Raises:
        SnapshotUnready, WrongNetwork, WrongClient: it cannot; nothing was touched.
    """
    if not snapshot.ready:
        raise SnapshotUnready(snapshot.name, snapshot.error)
    if (marks.chain_id, marks.genesis_hash) != (chain_id, genesis_hash):
        has, here = (
            f"chain id {chain}, genesis {root}"
            for chain, root in ((marks.chain_id, marks.genesis_hash), (chain_id, genesis_hash))
        )
        raise WrongNetwork(snapshot.name, has, here)
    wrote, reads = _version(_GETH, marks.client_version), _version(_TAG, tag)
    if not wrote or wrote > reads:
        raise WrongClient(snapshot.name, marks.client_version, tag)


def _version(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    found = pattern.match(text)
    return tuple(map(int, found.groups())) if found else ()
