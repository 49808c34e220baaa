"""Making a block: everything but the payload is ready before the slot starts, then the specification judges the whole.

Source: consensus-specs phase0, altair, bellatrix and electra ``validator.md`` (block proposal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from plumbline_beacon import keys, network
from plumbline_beacon.encoding import from_hex
from plumbline_beacon.payloads import payload_attributes, payload_from_json
from plumbline_beacon.spec import BeaconBlock, BeaconState, SignedBeaconBlock, root_of, spec
from plumbline_beacon.votes import Votes, online_validators

GRAFFITI: Final = b"plumbline".ljust(32, b"\x00")


class NotOurs(Exception):
    """The slot belongs to a proposer whose key we do not have (somebody made a validator by a deposit)."""


@dataclass(slots=True)
class Draft:
    """A block without its payload. It owns `state`, which stands at the block's slot and becomes the block's state."""

    slot: int
    parent_root: bytes
    state: BeaconState
    proposer: int
    randao_reveal: bytes
    votes: list[Any]
    sync_aggregate: Any
    attributes: dict[str, Any]
    online: float


def draft_block(state: BeaconState, parent_root: bytes, votes: Votes, included: frozenset[int], online: float) -> Draft:
    """Prepare a block on `parent_root` at the state's slot; the draft takes the state over.

    Raises:
        NotOurs: We cannot sign for the proposer.
    """
    proposer = int(spec.get_beacon_proposer_index(state))
    if keys.validator_of(bytes(state.validators[proposer].pubkey)) != proposer:
        raise NotOurs(f"slot {int(state.slot)} belongs to validator {proposer}, whose key is not ours")
    epoch = spec.get_current_epoch(state)
    reveal_root = spec.compute_signing_root(epoch, spec.get_domain(state, spec.DOMAIN_RANDAO))
    return Draft(
        slot=int(state.slot),
        parent_root=parent_root,
        state=state,
        proposer=proposer,
        randao_reveal=keys.sign_together([proposer], reveal_root),
        votes=votes.pick(state, included),
        sync_aggregate=sync_aggregate(state, parent_root, online),
        attributes=payload_attributes(state, parent_root),
        online=online,
    )


def sync_aggregate(state: BeaconState, parent_root: bytes, online: float) -> Any:
    """Return the sync committee's signature over the parent (altair/validator.md, ``process_sync_aggregate``)."""
    limit = online_validators(online)
    members = [keys.validator_of(bytes(pubkey)) for pubkey in state.current_sync_committee.pubkeys]
    present = [member is not None and member < limit for member in members]
    previous_slot = int(state.slot) - 1
    domain = spec.get_domain(state, spec.DOMAIN_SYNC_COMMITTEE, spec.compute_epoch_at_slot(spec.Slot(previous_slot)))
    signing_root = spec.compute_signing_root(spec.Root(parent_root), domain)
    signers = [member for member, here in zip(members, present, strict=True) if here and member is not None]
    return spec.SyncAggregate(
        sync_committee_bits=spec.SyncCommitteeBits(data=present),
        sync_committee_signature=keys.sign_together(signers, signing_root),
    )


def complete(draft: Draft, built: dict[str, Any]) -> BeaconBlock:
    """Return the draft as a block with the payload that an engine built (engine_getPayloadV5), its state root still missing."""
    body = spec.BeaconBlockBody(
        randao_reveal=draft.randao_reveal,
        eth1_data=draft.state.eth1_data.copy(),
        graffiti=GRAFFITI,
        attestations=spec.Attestations(data=draft.votes),
        sync_aggregate=draft.sync_aggregate,
        execution_payload=payload_from_json(built["executionPayload"]),
        blob_kzg_commitments=spec.BlobKZGCommitments(
            data=[from_hex(commitment) for commitment in built["blobsBundle"]["commitments"]]
        ),
        execution_requests=spec.get_execution_requests(
            [from_hex(request) for request in built.get("executionRequests") or []]
        ),
    )
    return spec.BeaconBlock(slot=draft.slot, proposer_index=draft.proposer, parent_root=draft.parent_root, body=body)


def judge(draft: Draft, block: BeaconBlock) -> None:
    """Have the specification process the whole block, all signatures in it included, on the draft's state.

    Raises:
        AssertionError: The block is not valid.
    """
    spec.process_block(draft.state, block)
    block.state_root = root_of(draft.state)


def sign(draft: Draft, block: BeaconBlock) -> SignedBeaconBlock:
    """Return the block signed by its proposer. Only for a block that is stored next: one signature per slot."""
    domain = spec.get_domain(draft.state, spec.DOMAIN_BEACON_PROPOSER)
    signature = keys.sign_together([draft.proposer], spec.compute_signing_root(block, domain))
    return spec.SignedBeaconBlock(message=block, signature=signature)


def included_votes(parent: frozenset[int], block: BeaconBlock) -> frozenset[int]:
    """Return the slots whose votes a branch contains after `block`, as far back as they matter."""
    oldest = int(block.slot) - 2 * network.SLOTS_PER_EPOCH
    here = {int(vote.data.slot) for vote in block.body.attestations}
    return frozenset(slot for slot in parent | here if slot >= oldest)
