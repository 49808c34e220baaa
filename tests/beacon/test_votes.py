"""Votes: one per slot, never a step back, also after a restart."""

from pathlib import Path

import pytest
from plumbline_beacon.accelerate import copy_with_roots
from plumbline_beacon.anchor import build_anchor
from plumbline_beacon.spec import advance, root_of, spec
from plumbline_beacon.store import Store
from plumbline_beacon.votes import Votes, online_validators
from stub_engine import genesis_block


@pytest.fixture(scope="module")
def anchor() -> tuple[object, bytes]:
    state, signed = build_anchor(genesis_block(), 363_000)
    return state, root_of(signed.message)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "beacon.sqlite")


def _at(state: object, slots_later: int) -> object:
    later = copy_with_roots(state)
    advance(later, int(state.slot) + slots_later)
    return later


def test_a_slot_is_voted_once_even_for_another_head(store: Store, anchor: tuple[object, bytes]) -> None:
    state, root = anchor
    votes = Votes(store)

    assert votes.cast(_at(state, 3), root, online=1.0)
    assert not votes.cast(_at(state, 3), b"\x09" * 32, online=1.0)


def test_a_restart_remembers_what_was_voted(store: Store, anchor: tuple[object, bytes]) -> None:
    state, root = anchor
    Votes(store).cast(_at(state, 3), root, online=1.0)

    again = Votes(store)
    again.load(int(state.slot))

    assert not again.cast(_at(state, 3), b"\x09" * 32, online=1.0)
    assert not again.cast(_at(state, 2), root, online=1.0), (
        "a vote for an earlier slot could be a second one of its voters"
    )
    assert len(again.pick(_at(state, 4), frozenset())) == 1


def test_a_vote_that_would_surround_an_earlier_one_is_withheld(store: Store, anchor: tuple[object, bytes]) -> None:
    state, root = anchor
    votes = Votes(store)
    justified = _at(state, 40)
    justified.current_justified_checkpoint.epoch = spec.get_current_epoch(justified) - 1
    votes.cast(justified, root, online=1.0)

    assert not votes.cast(_at(state, 41), root, online=1.0)


def test_votes_are_valid_to_the_specification_and_picked_once(store: Store, anchor: tuple[object, bytes]) -> None:
    state, root = anchor
    votes = Votes(store)
    for slot in range(1, 11):
        votes.cast(_at(state, slot), root, online=1.0)
    later = _at(state, 11)

    picked = votes.pick(later, included=frozenset({int(state.slot) + 10}))

    assert [int(vote.data.slot) - int(state.slot) for vote in picked] == [9, 8, 7, 6, 5, 4, 3, 2]
    for vote in picked:
        spec.process_attestation(later, vote)


def test_validators_that_are_off_line_do_not_vote(store: Store, anchor: tuple[object, bytes]) -> None:
    state, root = anchor
    votes = Votes(store)
    cast = [votes.cast(_at(state, slot), root, online=0.25) for slot in range(1, 32)]
    members = sum(sum(map(bool, vote.aggregation_bits)) for vote in votes._by_slot.values())

    assert not all(cast)
    assert 12 <= members <= online_validators(0.25) == 16
    assert not votes.cast(_at(state, 33), root, online=0.0)
