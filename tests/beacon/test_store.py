"""The database: all or nothing, one vote per slot, pruned, and never continued by the wrong version."""

import sqlite3
from pathlib import Path

import pytest
from plumbline_beacon.store import BlockRow, FinalityRecord, Store, UnusableStore


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "beacon.sqlite")


def _row(slot: int, branch: int = 0) -> BlockRow:
    root = bytes([slot, branch]) * 16
    return BlockRow(root, slot, bytes([slot - 1, 0]) * 16, slot, root[::-1], b"ssz", "{}")


def _add(store: Store, row: BlockRow, above: int) -> None:
    store.put_block(row)
    store.make_canonical(above, row.slot, row.root)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail_midway() -> None:
        with store.transaction():
            _add(store, _row(1), above=0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    assert not store.has_block_at(1)


def test_a_reorg_replaces_the_canonical_chain_and_keeps_the_blocks(store: Store) -> None:
    for slot in (1, 2, 3):
        _add(store, _row(slot), above=slot - 1)
    _add(store, _row(4, branch=1), above=1)

    assert [row.slot for row in store.canonical_blocks(above_slot=0)] == [1, 4]
    assert store.canonical_payload_hash(2) is None
    assert store.has_block_at(2)
    assert [row.el_number for row in store.canonical_blocks_above_payload(1)] == [4]


def test_a_second_vote_for_a_slot_is_an_error(store: Store) -> None:
    store.put_vote(5, b"one")
    with pytest.raises(sqlite3.IntegrityError):
        store.put_vote(5, b"two")
    assert store.votes(0) == {5: b"one"}


def test_pruning_keeps_blocks_and_what_belongs_to_the_anchor(store: Store) -> None:
    anchor = _row(1).root
    for slot in (1, 100):
        row = _row(slot)
        _add(store, row, above=slot - 1)
        store.put_state(row.root, slot, b"state")
        store.put_bootstrap(row.root, slot, b"bootstrap")
        store.put_vote(slot, b"vote")

    store.prune(anchor, states_below=101, votes_below=100, bootstraps_below=101)

    assert store.state(anchor) == b"state"
    assert store.bootstrap(anchor) == b"bootstrap"
    assert store.state(_row(100).root) is None
    assert store.votes(0) == {100: b"vote"}
    assert store.block(_row(100).root) is not None


def test_finality_history_is_the_newest_records_oldest_first(store: Store) -> None:
    for epoch in range(5):
        store.put_finality(FinalityRecord(epoch, epoch * 32, epoch - 1, b"j", epoch - 2, b"f", 0.5))

    assert [record.epoch for record in store.finality_history(from_epoch=0, limit=2)] == [3, 4]
    assert [record.epoch for record in store.finality_history(from_epoch=4, limit=9)] == [4]


def test_another_schema_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "beacon.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(UnusableStore, match=r"schema 99.*another --data folder"):
        Store(path)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "beacon.sqlite"
    path.write_text("this is not a database, but it is long enough to be looked at as one" * 20)
    with pytest.raises(UnusableStore, match="cannot be used"):
        Store(path)
