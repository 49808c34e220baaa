"""Faster equals of the few pure functions on which the executable specification spends nearly all of its time.

What a block must satisfy stays the specification's own code; only the arithmetic below it is replaced or remembered:

- the root of the state's long vectors (65,536 randao mixes, 8,192 block and state roots): a kept tree, of which only
  changed paths are hashed;
- the copy of a state: carries over the roots that are known already (the library's own copy forgets them);
- ``compute_shuffled_index`` (swap-or-not): one index in plain integers, not a whole permutation in checked ones;
- decoding of public keys with their subgroup check: remembered, as there are only as many keys as validators;
- comparison of fixed-width byte arrays: that of ``bytes``, which compares the same contents.

`tests/beacon/test_accelerate.py` holds each against the original. The hooks are names of the pinned eth-ssz-specs and eth-consensus-specs.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import ssz.roots
from eth_consensus_specs.utils import bls
from eth_consensus_specs.utils.ssz.bytes import BytesN
from ssz.chunks import Root
from ssz.ssz_base import SSZModel

_COMPARED_AT_ONCE: Final = 256
_SHUFFLE_ROUNDS: Final = 90
_REMEMBERED_KEYS: Final = 4096
_REMEMBERED_INDICES: Final = 16384

_SHARED_ELEMENTS: Final = frozenset({"Eth1DataVotes", "HistoricalSummaries"})
"""Lists whose elements the specification appends and drops but never changes in place: states may share them."""


class _KeptTree:
    """The Merkle tree of the vector that was rooted last; the next one costs the paths of the leaves in which it differs."""

    def __init__(self) -> None:
        self._leaves: list[Any] = []
        self._layers: list[list[bytes]] = []
        self._lock = threading.Lock()

    def root(self, leaves: Sequence[Any]) -> bytes:
        """Return the root of a vector whose length is a power of two and whose leaves are 32 bytes each."""
        with self._lock:
            if len(leaves) != len(self._leaves):
                self._build(leaves)
            else:
                self._update(leaves)
            return self._layers[-1][0]

    def _build(self, leaves: Sequence[Any]) -> None:
        self._leaves = list(leaves)
        self._layers = [[bytes(leaf) for leaf in leaves]]
        while len(below := self._layers[-1]) > 1:
            self._layers.append([sha256(below[i] + below[i + 1]).digest() for i in range(0, len(below), 2)])

    def _update(self, leaves: Sequence[Any]) -> None:
        known, lowest, dirty = self._leaves, self._layers[0], set()
        for start in range(0, len(leaves), _COMPARED_AT_ONCE):
            stop = start + _COMPARED_AT_ONCE
            window = leaves[start:stop]
            if (
                window != known[start:stop]
            ):  # list equality looks at identity first, and copies of a state share their leaves
                for index, leaf in enumerate(window, start):
                    if leaf is not known[index]:
                        lowest[index] = bytes(leaf)
                        dirty.add(index // 2)
                known[start:stop] = window
        for below, layer in zip(self._layers, self._layers[1:], strict=False):
            for index in dirty:
                layer[index] = sha256(below[2 * index] + below[2 * index + 1]).digest()
            dirty = {index // 2 for index in dirty}


def _root_from_kept_trees(vectors: Sequence[type], original: Callable[[object], Root]) -> Callable[[object], Root]:
    trees = {vector: _KeptTree() for vector in vectors}

    def root_from_layout(value: object) -> Root:
        tree = trees.get(type(value))
        return original(value) if tree is None else Root(tree.root(value.data))  # type: ignore[attr-defined]

    return root_from_layout


def copy_with_roots[T: SSZModel](value: T) -> T:
    """Return an independent duplicate that remembers every root which the original remembers.

    A remembered root is bound to the versions of the value and of all values in it. The duplicate starts with equal contents and
    equal versions, and each side counts on by itself, so a later change on either side invalidates only that side.
    """
    duplicate = copy.copy(value)
    object.__setattr__(duplicate, "_version", value._version)
    object.__setattr__(duplicate, "_root_memo", value._root_memo)
    shares_elements = getattr(type(value), "IMMUTABLE_ELEMENTS", True) or type(value).__name__ in _SHARED_ELEMENTS
    fields = duplicate.__dict__
    for name, held in fields.items():
        if isinstance(held, SSZModel):
            fields[name] = copy_with_roots(held)
        elif type(held) is list:
            fields[name] = list(held) if shares_elements else [copy_with_roots(element) for element in held]
    return duplicate


@lru_cache(maxsize=_REMEMBERED_INDICES)
def shuffled_index(index: int, index_count: int, seed: bytes) -> int:
    """Return where swap-or-not moves one index.

    Source: consensus-specs phase0/beacon-chain.md ``compute_shuffled_index``.
    """
    for current_round in range(_SHUFFLE_ROUNDS):
        round_seed = seed + bytes([current_round])
        pivot = int.from_bytes(sha256(round_seed).digest()[:8], "little") % index_count
        flip = (pivot + index_count - index) % index_count
        position = max(index, flip)
        source = sha256(round_seed + (position // 256).to_bytes(4, "little")).digest()
        if source[position % 256 // 8] >> position % 8 & 1:
            index = flip
    return index


def install(spec: Any) -> None:
    """Hook the faster functions into the specification module `spec`. Call once per process."""
    state_fields = spec.BeaconState.model_fields
    vectors = [state_fields[name].annotation for name in ("randao_mixes", "block_roots", "state_roots")]
    roots: Any = ssz.roots
    roots._root_from_layout = _root_from_kept_trees(vectors, roots._root_from_layout)
    keys: Any = bls
    keys._valid_pubkey_point = lru_cache(maxsize=_REMEMBERED_KEYS)(keys._valid_pubkey_point)
    for method in ("__eq__", "__ne__", "__hash__"):
        setattr(BytesN, method, getattr(bytes, method))

    def compute_shuffled_index(index: Any, index_count: Any, seed: Any) -> Any:
        return spec.Uint64(shuffled_index(int(index), int(index_count), bytes(seed)))

    spec.compute_shuffled_index = compute_shuffled_index
