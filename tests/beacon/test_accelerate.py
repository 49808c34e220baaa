"""The faster functions equal those of the specification that they stand in for."""

import random

import pytest
from plumbline_beacon import accelerate, keys
from plumbline_beacon.anchor import build_anchor
from plumbline_beacon.spec import advance, root_of, spec
from stub_engine import genesis_block


@pytest.fixture(scope="module")
def state() -> object:
    return build_anchor(genesis_block(), 363_000)[0]


def _root_from_nothing(value: object) -> bytes:
    """The library's own merkleization: decoding forgets everything, and the types' own rule is asked."""
    from ssz.layout import merkle_layout
    from ssz.roots import layout_chunks
    from ssz.trees import merkleize

    layout = merkle_layout(value)
    assert layout.limit is not None
    return bytes(merkleize(layout_chunks(layout), layout.limit))


@pytest.mark.parametrize("vector", ["randao_mixes", "block_roots", "state_roots"])
def test_kept_trees_give_the_roots_of_the_library(state: object, vector: str) -> None:
    chance = random.Random(vector)
    ours = accelerate.copy_with_roots(state)
    leaves = getattr(ours, vector)
    for _ in range(3):
        for index in chance.sample(range(len(leaves)), 5):
            leaves[index] = chance.randbytes(32)
        assert root_of(leaves) == _root_from_nothing(leaves)


def test_kept_trees_survive_switching_between_branches(state: object) -> None:
    left, right = accelerate.copy_with_roots(state), accelerate.copy_with_roots(state)
    left.randao_mixes[5] = b"\x01" * 32
    right.randao_mixes[9] = b"\x02" * 32
    expected = [_root_from_nothing(branch.randao_mixes) for branch in (left, right)]

    assert [root_of(accelerate.copy_with_roots(branch).randao_mixes) for branch in (left, right, left)] == [
        *expected,
        expected[0],
    ]


def test_copies_are_independent_and_remember_roots(state: object) -> None:
    before = root_of(state)
    duplicate = accelerate.copy_with_roots(state)
    assert duplicate._root_memo is not None
    advance(duplicate, int(duplicate.slot) + 40)  # over an epoch's end, which touches nearly every field
    duplicate.validators[3].slashed = spec.Boolean(True)
    duplicate.balances[3] = 7

    assert root_of(state) == before
    assert root_of(duplicate) == root_of(spec.BeaconState.decode_bytes(duplicate.encode_bytes()))


def test_shared_elements_are_only_ever_replaced(state: object) -> None:
    duplicate = accelerate.copy_with_roots(state)
    body = spec.BeaconBlockBody(eth1_data=state.eth1_data.copy())
    for _ in range(3):
        spec.process_eth1_data(duplicate, body)
    third = accelerate.copy_with_roots(duplicate)
    spec.process_eth1_data(third, body)

    assert (len(state.eth1_data_votes), len(duplicate.eth1_data_votes), len(third.eth1_data_votes)) == (0, 3, 4)
    assert root_of(third) == root_of(spec.BeaconState.decode_bytes(third.encode_bytes()))


@pytest.mark.parametrize("count", [1, 2, 64, 300])
def test_shuffling_one_index_equals_the_whole_permutation(count: int) -> None:
    seed = random.Random(count).randbytes(32)
    permutation = spec._compute_shuffled_permutation(spec.Uint64(count), spec.Bytes32(seed))

    assert [int(index) for index in permutation] == [accelerate.shuffled_index(i, count, seed) for i in range(count)]


def test_byte_arrays_compare_by_content() -> None:
    one, other = spec.Bytes32(b"\x01" * 32), spec.Root(b"\x01" * 32)

    assert one == other
    assert one == b"\x01" * 32
    assert hash(one) == hash(b"\x01" * 32)
    assert one != spec.Bytes32(b"\x02" * 32)


def test_remembered_keys_still_refuse_what_is_no_key() -> None:
    from eth_consensus_specs.utils import bls

    message, signature = b"\x07" * 32, keys.sign_together([0, 1], b"\x07" * 32)
    good = [keys.public_key(0), keys.public_key(1)]
    infinity = b"\xc0" + b"\x00" * 47

    assert bls.FastAggregateVerify(good, message, signature)
    assert not bls.FastAggregateVerify(good[:1], message, signature)
    assert not bls.FastAggregateVerify([good[0], infinity], message, signature)
    assert not bls.FastAggregateVerify([good[0], b"\x11" * 48], message, signature)
