"""The node's memory on disk: SQLite, one transaction per block, so that every moment of a crash leaves a consistent chain.

Nothing is published before it is committed here. A connection belongs to one thread: the chain's thread writes through `Store`, the others
read through a `StoreReader` of their own (WAL lets them).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks(
  root BLOB PRIMARY KEY, slot INTEGER NOT NULL, parent BLOB NOT NULL, el_number INTEGER NOT NULL, el_hash BLOB NOT NULL,
  ssz BLOB NOT NULL, checkpoints TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS blocks_by_slot ON blocks(slot);
CREATE INDEX IF NOT EXISTS blocks_by_el_number ON blocks(el_number);
CREATE TABLE IF NOT EXISTS canonical(slot INTEGER PRIMARY KEY, root BLOB NOT NULL);
CREATE VIEW IF NOT EXISTS canonical_blocks AS SELECT b.* FROM blocks b JOIN canonical c ON c.slot=b.slot AND c.root=b.root;
CREATE TABLE IF NOT EXISTS states(root BLOB PRIMARY KEY, slot INTEGER NOT NULL, ssz BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS votes(slot INTEGER PRIMARY KEY, ssz BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bootstraps(root BLOB PRIMARY KEY, slot INTEGER NOT NULL, ssz BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS updates(period INTEGER PRIMARY KEY, ssz BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS finality(
  epoch INTEGER PRIMARY KEY, slot INTEGER NOT NULL, justified_epoch INTEGER NOT NULL, justified_root BLOB NOT NULL,
  finalized_epoch INTEGER NOT NULL, finalized_root BLOB NOT NULL, wall_time REAL NOT NULL);
"""


class UnusableStore(Exception):
    """A database that this version cannot continue."""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A stored block; `el_*` are of its execution payload, `checkpoints` is the Beacon API's JSON of its state's finality checkpoints."""

    root: bytes
    slot: int
    parent: bytes
    el_number: int
    el_hash: bytes
    ssz: bytes
    checkpoints: str


@dataclass(frozen=True, slots=True)
class FinalityRecord:
    """What the state of an epoch's first block said about finality."""

    epoch: int
    slot: int
    justified_epoch: int
    justified_root: bytes
    finalized_epoch: int
    finalized_root: bytes
    wall_time: float


class StoreReader:
    """Read access for one thread."""

    def __init__(self, path: Path, *, any_thread: bool = False) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0, check_same_thread=not any_thread)

    def fact(self, name: str) -> bytes | None:
        """Return a single remembered value."""
        row = self._one("SELECT value FROM facts WHERE name=?", name)
        return row[0] if row else None

    def block(self, root: bytes) -> BlockRow | None:
        """Return a block by its root, canonical or not."""
        row = self._one("SELECT * FROM blocks WHERE root=?", root)
        return BlockRow(*row) if row else None

    def has_block_at(self, slot: int) -> bool:
        """Whether a block was ever made for a slot, canonical or not."""
        return self._one("SELECT 1 FROM blocks WHERE slot=?", slot) is not None

    def canonical_root(self, slot: int) -> bytes | None:
        """Return the root of the canonical block of a slot."""
        row = self._one("SELECT root FROM canonical WHERE slot=?", slot)
        return row[0] if row else None

    def canonical_blocks(self, above_slot: int) -> Iterator[BlockRow]:
        """Return the canonical blocks above a slot, in order."""
        rows = self._db.execute("SELECT * FROM canonical_blocks WHERE slot>? ORDER BY slot", (above_slot,))
        return (BlockRow(*row) for row in rows)

    def canonical_blocks_above_payload(self, el_number: int) -> Iterator[BlockRow]:
        """Return the canonical blocks whose payload is higher than `el_number`, in order."""
        rows = self._db.execute("SELECT * FROM canonical_blocks WHERE el_number>? ORDER BY el_number", (el_number,))
        return (BlockRow(*row) for row in rows)

    def canonical_payload_hash(self, el_number: int) -> bytes | None:
        """Return the hash of the canonical payload at a height."""
        row = self._one("SELECT el_hash FROM canonical_blocks WHERE el_number=?", el_number)
        return row[0] if row else None

    def state(self, root: bytes) -> bytes | None:
        """Return the stored state of a block."""
        row = self._one("SELECT ssz FROM states WHERE root=?", root)
        return zlib.decompress(row[0]) if row else None

    def newest_canonical_state(self) -> bytes | None:
        """Return the root of the highest canonical block whose state is stored."""
        row = self._one("SELECT s.root FROM states s JOIN canonical c ON c.root=s.root ORDER BY s.slot DESC LIMIT 1")
        return row[0] if row else None

    def votes(self, from_slot: int) -> dict[int, bytes]:
        """Return the votes that were signed from a slot on."""
        return dict(self._db.execute("SELECT slot, ssz FROM votes WHERE slot>=? ORDER BY slot", (from_slot,)))

    def bootstrap(self, root: bytes) -> bytes | None:
        """Return a light-client bootstrap by block root."""
        row = self._one("SELECT ssz FROM bootstraps WHERE root=?", root)
        return row[0] if row else None

    def updates(self) -> dict[int, bytes]:
        """Return the best light-client update of each sync-committee period."""
        return dict(self._db.execute("SELECT period, ssz FROM updates ORDER BY period"))

    def finality_history(self, from_epoch: int, limit: int) -> list[FinalityRecord]:
        """Return the newest records from an epoch on, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM finality WHERE epoch>=? ORDER BY epoch DESC LIMIT ?", (from_epoch, limit)
        )
        return [FinalityRecord(*row) for row in rows][::-1]

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _one(self, query: str, *values: Any) -> Any:
        return self._db.execute(query, values).fetchone()


class Store(StoreReader):
    """Read and write access for the chain's thread."""

    def __init__(self, path: Path, *, any_thread: bool = False) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            super().__init__(path, any_thread=any_thread)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise UnusableStore(
                    f"{path} has schema {version}, this program needs {SCHEMA_VERSION}: use the matching version, or another --data folder"
                )
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise UnusableStore(
                f"{path} cannot be used ({error}): check the --data folder, its owner and its free space"
            ) from error

    def reader(self) -> StoreReader:
        """Open read access for the calling thread."""
        return StoreReader(self.path)

    def sync_every_commit(self, every: bool) -> None:
        """Choose whether a commit survives a power cut, or only a killed process."""
        self._db.execute(f"PRAGMA synchronous={'FULL' if every else 'NORMAL'}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything that is written inside together, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def put_fact(self, name: str, value: bytes) -> None:
        """Remember a single value."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES(?,?)", (name, value))

    def put_block(self, row: BlockRow) -> None:
        """Store a block."""
        values = (row.root, row.slot, row.parent, row.el_number, row.el_hash, row.ssz, row.checkpoints)
        self._db.execute("INSERT INTO blocks VALUES(?,?,?,?,?,?,?)", values)

    def make_canonical(self, above_slot: int, slot: int, root: bytes) -> None:
        """Replace the canonical chain above a slot by one block."""
        self._db.execute("DELETE FROM canonical WHERE slot>?", (above_slot,))
        self._db.execute("INSERT INTO canonical VALUES(?,?)", (slot, root))

    def put_state(self, root: bytes, slot: int, ssz: bytes) -> None:
        """Store the state of a block."""
        self._db.execute("INSERT OR REPLACE INTO states VALUES(?,?,?)", (root, slot, zlib.compress(ssz, 1)))

    def put_vote(self, slot: int, ssz: bytes) -> None:
        """Store the one vote of a slot; a second one for the same slot is an error."""
        self._db.execute("INSERT INTO votes VALUES(?,?)", (slot, ssz))

    def put_bootstrap(self, root: bytes, slot: int, ssz: bytes) -> None:
        """Store a light-client bootstrap."""
        self._db.execute("INSERT OR REPLACE INTO bootstraps VALUES(?,?,?)", (root, slot, ssz))

    def put_update(self, period: int, ssz: bytes) -> None:
        """Store the best light-client update of a period."""
        self._db.execute("INSERT OR REPLACE INTO updates VALUES(?,?)", (period, ssz))

    def put_finality(self, record: FinalityRecord) -> None:
        """Record what an epoch's first block says about finality; a block that replaces it replaces the record."""
        values = (
            record.epoch,
            record.slot,
            record.justified_epoch,
            record.justified_root,
            record.finalized_epoch,
            record.finalized_root,
            record.wall_time,
        )
        self._db.execute("INSERT OR REPLACE INTO finality VALUES(?,?,?,?,?,?,?)", values)

    def prune(self, keep_root: bytes, *, states_below: int, votes_below: int, bootstraps_below: int) -> None:
        """Drop what nobody can need any more; blocks stay, as an engine that lost its data needs all of them."""
        self._db.execute("DELETE FROM states WHERE slot<? AND root<>?", (states_below, keep_root))
        self._db.execute("DELETE FROM votes WHERE slot<?", (votes_below,))
        self._db.execute("DELETE FROM bootstraps WHERE slot<? AND root<>?", (bootstraps_below, keep_root))
