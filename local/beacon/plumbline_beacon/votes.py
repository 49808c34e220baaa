"""The validators' votes: signed at most once per slot, stored before they can be published, picked into blocks.

Source: consensus-specs electra/validator.md (attestations), phase0 ``is_slashable_attestation_data``, EIP-3076 (minimal protection).
"""

from __future__ import annotations

import logging
import math
from typing import Final

from plumbline_beacon import keys, logs, network
from plumbline_beacon.spec import Attestation, BeaconState, spec
from plumbline_beacon.store import Store

log = logging.getLogger("votes")

VOTES_KEPT_SLOTS: Final = 2 * network.SLOTS_PER_EPOCH
"""A vote can be included until the end of the epoch after its own (EIP-7045)."""


class Votes:
    """All votes that may still be included, and the guard against equivocation."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_slot: dict[int, Attestation] = {}

    def load(self, head_slot: int) -> None:
        """Read back the votes that were signed before a restart."""
        stored = self._store.votes(head_slot - VOTES_KEPT_SLOTS)
        self._by_slot = {slot: spec.Attestation.decode_bytes(ssz) for slot, ssz in stored.items()}

    def cast(self, state: BeaconState, head_root: bytes, online: float) -> bool:
        """Sign and store the vote of the state's slot for `head_root`; return whether it was cast.

        Only the first `online` share of the validators takes part.
        """
        slot = int(state.slot)
        unsigned = _vote(state, head_root, online)
        if unsigned is None:
            return False
        vote, members = unsigned
        if not self._may_sign(vote.data):
            logs.warn(log, "vote_withheld", slot=slot, reason="it would contradict a vote that was signed earlier")
            return False
        domain = spec.get_domain(state, spec.DOMAIN_BEACON_ATTESTER, vote.data.target.epoch)
        vote.signature = keys.sign_together(members, spec.compute_signing_root(vote.data, domain))
        with self._store.transaction():
            self._store.put_vote(slot, vote.encode_bytes())
        self._by_slot[slot] = vote
        self._forget(slot - VOTES_KEPT_SLOTS)
        return True

    def pick(self, state: BeaconState, included: frozenset[int]) -> list[Attestation]:
        """Return the newest votes that a block at the state's slot can include and its branch does not have yet."""
        epoch = int(spec.get_current_epoch(state))
        picked: list[Attestation] = []
        for slot in sorted(self._by_slot, reverse=True):
            vote = self._by_slot[slot]
            target = int(vote.data.target.epoch)
            source = state.current_justified_checkpoint if target == epoch else state.previous_justified_checkpoint
            fits = slot < int(state.slot) and target >= epoch - 1 and vote.data.source == source
            if fits and slot not in included:
                picked.append(vote)
            if len(picked) == int(spec.MAX_ATTESTATIONS_ELECTRA):
                break
        return picked

    def _may_sign(self, data: Attestation) -> bool:
        """Whether a vote contradicts no earlier one: no second vote for a slot, no step back of source or target."""
        if int(data.slot) in self._by_slot:
            return False
        newest = self._by_slot[max(self._by_slot)].data if self._by_slot else data
        return (
            int(data.slot) >= int(newest.slot)
            and int(data.source.epoch) >= int(newest.source.epoch)
            and int(data.target.epoch) >= int(newest.target.epoch)
        )

    def _forget(self, below: int) -> None:
        for slot in [slot for slot in self._by_slot if slot < below]:
            del self._by_slot[slot]


def _vote(state: BeaconState, head_root: bytes, online: float) -> tuple[Attestation, list[int]] | None:
    """Return the unsigned vote of the state's slot and its signers; None when no signer is on line."""
    slot, epoch = int(state.slot), spec.get_current_epoch(state)
    committees = int(spec.get_committee_count_per_slot(state, epoch))
    limit = online_validators(online)
    bits: list[bool] = []
    signers: list[int] = []
    seated: list[bool] = []
    for index in range(committees):
        members = [int(member) for member in spec.get_beacon_committee(state, slot, index)]
        present = [member < limit and _is_ours(state, member) for member in members]
        seated.append(any(present))
        if any(present):  # process_attestation refuses a committee of which nobody voted
            bits += present
            signers += [member for member, here in zip(members, present, strict=True) if here]
    if not signers:
        return None
    start = network.epoch_start(int(epoch))
    target = head_root if slot == start else bytes(spec.get_block_root(state, epoch))
    data = spec.AttestationData(
        slot=slot,
        index=0,
        beacon_block_root=head_root,
        source=state.current_justified_checkpoint.copy(),
        target=spec.Checkpoint(epoch=epoch, root=target),
    )
    committee_bits = seated + [False] * (int(spec.MAX_COMMITTEES_PER_SLOT) - committees)
    vote = spec.Attestation(
        aggregation_bits=spec.AggregationBits(data=bits),
        data=data,
        committee_bits=spec.CommitteeBits(data=committee_bits),
    )
    return vote, signers


def online_validators(fraction: float) -> int:
    """Return how many of our validators are on line: those with the lowest indices."""
    return math.ceil(fraction * keys.VALIDATORS)


def _is_ours(state: BeaconState, validator: int) -> bool:
    return keys.validator_of(bytes(state.validators[validator].pubkey)) == validator
