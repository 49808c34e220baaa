"""The canonical chain: its head, the states near it, import of new blocks, and what is published about it.

Everything here runs on the chain's own thread. A block is stored before anybody hears of it, so that no crash can lead to a second,
different one for its slot.
"""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from plumbline_beacon import lightclient, logs, network
from plumbline_beacon.accelerate import copy_with_roots
from plumbline_beacon.anchor import build_anchor
from plumbline_beacon.engine import Forkchoice
from plumbline_beacon.engine_worker import StoredPayload
from plumbline_beacon.events import ChainEvents
from plumbline_beacon.faults import MAX_REORG_DEPTH
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.payloads import new_payload_arguments
from plumbline_beacon.production import included_votes
from plumbline_beacon.spec import NO_ROOT, BeaconState, SignedBeaconBlock, advance, root_of, spec
from plumbline_beacon.ssz_json import to_json
from plumbline_beacon.store import BlockRow, FinalityRecord, Store, StoreReader
from plumbline_beacon.view import Publication, View
from plumbline_beacon.votes import VOTES_KEPT_SLOTS

log = logging.getLogger("chain")

STATES_KEPT: Final = 2 * MAX_REORG_DEPTH
"""Blocks whose states stay in memory (about 1 MB each): as deep as a reorg may go, with room."""

_ANCHOR: Final = "anchor"
_HEAD: Final = "head"
_BACKFILLED: Final = "backfilled"
_SNAPSHOTS_KEPT_SLOTS: Final = 3 * network.SLOTS_PER_EPOCH
_BOOTSTRAPS_KEPT_SLOTS: Final = 2 * network.SLOTS_PER_SYNC_COMMITTEE_PERIOD


@dataclass(frozen=True, slots=True)
class Node:
    """A block of the chain with its state."""

    root: bytes
    parent: bytes
    slot: int
    el_number: int
    el_hash: bytes
    signed: SignedBeaconBlock
    state: BeaconState
    included: frozenset[int]
    """Slots whose votes this branch contains already."""


class Chain:
    """Head and recent past of the canonical chain."""

    head: Node

    def __init__(self, store: Store, publication: Publication, events: ChainEvents, metrics: Metrics) -> None:
        self._store, self._publication, self._events, self._metrics = store, publication, events, metrics
        self._nodes: OrderedDict[bytes, Node] = OrderedDict()
        self._anchor_root = NO_ROOT
        self._light_client = lightclient.LightClientData()

    # ---- start

    def start_at_anchor(self, el_genesis: dict[str, Any], epoch: int) -> None:
        """Begin a new chain at the first slot of an epoch."""
        state, signed = build_anchor(el_genesis, epoch)
        node = _node(signed, state, frozenset())
        self._anchor_root = node.root
        with self._store.transaction():
            self._store.put_fact(_ANCHOR, node.root)
            self._store_block(node, above_slot=node.slot - 1)
            self._store.put_state(node.root, node.slot, state.encode_bytes())
            self._store_bootstrap(node)
        self._become_head(node)
        logs.event(log, "anchor", slot=node.slot, epoch=epoch, root=node.root, execution_genesis=node.el_hash)

    def resume(self) -> bool:
        """Continue the stored chain, if there is one: its newest stored state, then every block after it again."""
        anchor, head = self._store.fact(_ANCHOR), self._store.fact(_HEAD)
        if anchor is None or head is None:
            return False
        self._anchor_root = anchor
        snapshot = self._store.newest_canonical_state() or anchor
        row, ssz = self._store.block(snapshot), self._store.state(snapshot)
        if row is None or ssz is None:
            raise LookupError(f"the database lacks the state of block 0x{snapshot.hex()}: use another --data folder")
        signed = spec.SignedBeaconBlock.decode_bytes(row.ssz)
        node = _node(signed, spec.BeaconState.decode_bytes(ssz), self._included_before(signed))
        self._remember(node)
        for later in list(self._store.canonical_blocks(above_slot=node.slot)):
            node = self._replay(node, spec.SignedBeaconBlock.decode_bytes(later.ssz))
        self._light_client = lightclient.load(self._store)
        self._become_head(node)
        logs.event(log, "resumed", slot=node.slot, el_number=node.el_number, root=node.root)
        return True

    def _replay(self, parent: Node, signed: SignedBeaconBlock) -> Node:
        state = copy_with_roots(parent.state)
        spec.state_transition(
            state, signed
        )  # with all signatures and the state root: a check of what the disk gave back
        node = _node(signed, state, included_votes(parent.included, signed.message))
        self._remember(node)
        return node

    def _included_before(self, signed: SignedBeaconBlock) -> frozenset[int]:
        """Return the slots whose votes are in a block or its ancestors, as far back as votes can be included."""
        oldest = int(signed.message.slot) - VOTES_KEPT_SLOTS
        found = included_votes(frozenset(), signed.message)
        while int(signed.message.slot) > oldest and (row := self._store.block(bytes(signed.message.parent_root))):
            signed = spec.SignedBeaconBlock.decode_bytes(row.ssz)
            found |= included_votes(frozenset(), signed.message)
        return frozenset(slot for slot in found if slot >= oldest)

    @property
    def anchor_slot(self) -> int:
        """The slot of the chain's first block."""
        row = self._store.block(self._anchor_root)
        assert row is not None
        return row.slot

    @property
    def has_finality(self) -> bool:
        """Whether a block of this chain is finalized (and not only what came before the anchor)."""
        return self._store.block(bytes(self.head.state.finalized_checkpoint.root)) is not None

    # ---- states

    def state_at(self, parent: Node, slot: int) -> BeaconState:
        """Return a new state on `parent` at a slot, empty slots included."""
        state = copy_with_roots(parent.state)
        advance(state, slot)
        return state

    def ancestor_for_reorg(self, depth: int, slot: int) -> Node:
        """Return the block on which a reorg builds: `depth` below the head, or less deep if that is all there is.

        No branch may be left that justified more than the new one would: validators could not vote on it without a surround vote
        (phase0/fork-choice.md: the store's justified checkpoint never moves back).
        """
        justified = int(self.state_at(self.head, slot).current_justified_checkpoint.epoch)
        node = self.head
        for _ in range(depth):
            parent = self._nodes.get(node.parent)
            if parent is None or int(self.state_at(parent, slot).current_justified_checkpoint.epoch) < justified:
                break
            node = parent
        return node

    def has_block_at(self, slot: int) -> bool:
        """Whether a block was ever signed for a slot."""
        return self._store.has_block_at(slot)

    def forkchoice(self, head: Node, state: BeaconState) -> Forkchoice:
        """Return the execution block hashes for the engines, finality as `state` sees it."""
        return Forkchoice(
            head.el_hash,
            self._payload_hash(state.current_justified_checkpoint.root),
            self._payload_hash(state.finalized_checkpoint.root),
        )

    def _payload_hash(self, root: Any) -> bytes:
        row = self._store.block(bytes(root))
        return row.el_hash if row else NO_ROOT  # the checkpoint before the anchor has no payload

    # ---- import

    def store(self, parent: Node, signed: SignedBeaconBlock, state: BeaconState) -> Node:
        """Store a new block as the canonical one on `parent`; `state` is its state and must not be changed afterwards.

        From here on a restart continues with it; nobody has heard of it yet.
        """
        node = _node(signed, state, included_votes(parent.included, signed.message))
        with self._store.transaction():
            self._store_block(node, above_slot=parent.slot)
            if network.epoch_of(node.slot) > network.epoch_of(parent.slot):
                self._on_new_epoch(parent, node)
            self._light_client = self._light_client_after(parent, node)
        return node

    def publish(self, parent: Node, node: Node) -> None:
        """Make a stored block the head that everybody sees."""
        old = self.head
        self._become_head(node)
        self._metrics.add("plumbline_beacon_blocks_total")
        if parent.root != old.root:
            self._metrics.add("beacon_reorgs_total")
            logs.warn(log, "reorg", old_slot=old.slot, new_slot=node.slot, common_ancestor_slot=parent.slot)
            self._events.reorg(old, parent, node)
        self._events.new_head(parent, node, self._light_client)

    def mark_backfilled(self) -> None:
        """Remember that the chain has caught up with the clock once."""
        self._store.put_fact(_BACKFILLED, b"1")

    def survive_power_cuts(self, every_commit: bool) -> None:
        """Choose whether each commit survives a power cut, or only a killed process (while slots pass quickly)."""
        self._store.sync_every_commit(every_commit)

    @property
    def backfilled(self) -> bool:
        """Whether the chain had caught up with the clock once, in this process or an earlier one."""
        return self._store.fact(_BACKFILLED) is not None

    def _on_new_epoch(self, parent: Node, node: Node) -> None:
        """Keep what belongs to an epoch's start: its checkpoint's bootstrap, a state to resume from, the finality record."""
        is_first = node.slot % network.SLOTS_PER_EPOCH == 0
        self._store_bootstrap(node if is_first else parent)
        self._store.put_state(node.root, node.slot, node.state.encode_bytes())
        justified, finalized = node.state.current_justified_checkpoint, node.state.finalized_checkpoint
        record = FinalityRecord(
            network.epoch_of(node.slot),
            node.slot,
            int(justified.epoch),
            bytes(justified.root),
            int(finalized.epoch),
            bytes(finalized.root),
            time.time(),
        )
        self._store.put_finality(record)
        self._store.prune(
            self._anchor_root,
            states_below=node.slot - _SNAPSHOTS_KEPT_SLOTS,
            votes_below=node.slot - 2 * VOTES_KEPT_SLOTS,
            bootstraps_below=node.slot - _BOOTSTRAPS_KEPT_SLOTS,
        )
        logs.event(log, "epoch", epoch=record.epoch, justified=record.justified_epoch, finalized=record.finalized_epoch)

    def _light_client_after(self, parent: Node, node: Node) -> lightclient.LightClientData:
        row = self._store.block(bytes(parent.state.finalized_checkpoint.root))
        finalized = None if row is None else spec.SignedBeaconBlock.decode_bytes(row.ssz)
        attested = (parent.state, parent.signed)
        return lightclient.after_block(self._light_client, self._store, node.state, node.signed, attested, finalized)

    def _store_block(self, node: Node, above_slot: int) -> None:
        row = BlockRow(
            node.root,
            node.slot,
            node.parent,
            node.el_number,
            node.el_hash,
            node.signed.encode_bytes(),
            json.dumps(checkpoints_json(node.state)),
        )
        self._store.put_block(row)
        self._store.make_canonical(above_slot, node.slot, node.root)
        self._store.put_fact(_HEAD, node.root)

    def _store_bootstrap(self, node: Node) -> None:
        bootstrap = spec.create_light_client_bootstrap(node.state, node.signed)
        self._store.put_bootstrap(node.root, node.slot, bootstrap.encode_bytes())

    def _remember(self, node: Node) -> None:
        self._nodes[node.root] = node
        while len(self._nodes) > STATES_KEPT:
            self._nodes.popitem(last=False)

    def _become_head(self, node: Node) -> None:
        self._remember(node)
        self.head = node
        state = node.state
        justified, finalized = state.current_justified_checkpoint, state.finalized_checkpoint
        self._publication.view = View(
            head_root=node.root,
            head_slot=node.slot,
            el_number=node.el_number,
            anchor_root=self._anchor_root,
            justified_root=bytes(justified.root),
            justified_epoch=int(justified.epoch),
            finalized_root=bytes(finalized.root),
            finalized_epoch=int(finalized.epoch),
            light_client=self._light_client,
            state=state,
        )
        self._measure(node)

    def _measure(self, node: Node) -> None:
        state, metrics = node.state, self._metrics
        metrics.set("beacon_head_slot", node.slot)
        metrics.set("beacon_finalized_epoch", int(state.finalized_checkpoint.epoch))
        metrics.set("beacon_current_justified_epoch", int(state.current_justified_checkpoint.epoch))
        metrics.set("beacon_previous_justified_epoch", int(state.previous_justified_checkpoint.epoch))
        metrics.set("plumbline_beacon_head_execution_block", node.el_number)
        metrics.set("plumbline_beacon_states_kept", len(self._nodes))
        signed = sum(map(bool, node.signed.message.body.sync_aggregate.sync_committee_bits))
        metrics.set("plumbline_beacon_sync_participation_ratio", signed / int(spec.SYNC_COMMITTEE_SIZE))
        metrics.set("plumbline_beacon_attestation_participation_ratio", previous_epoch_participation(state))
        active = spec.get_active_validator_indices(state, spec.get_current_epoch(state))
        metrics.set("beacon_current_active_validators", len(active))


class ChainPayloads:
    """The canonical payloads as healing engines read them."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader

    def payload_hash(self, number: int) -> bytes | None:
        """Return the hash of the canonical payload at a height; 0 is the genesis block."""
        return self._reader.canonical_payload_hash(number)

    def payloads_above(self, number: int) -> Iterator[StoredPayload]:
        """Return the canonical payloads above a height, in order."""
        for row in self._reader.canonical_blocks_above_payload(number):
            block = spec.SignedBeaconBlock.decode_bytes(row.ssz).message
            yield StoredPayload(row.el_number, row.el_hash, new_payload_arguments(block))


def _node(signed: SignedBeaconBlock, state: BeaconState, included: frozenset[int]) -> Node:
    block = signed.message
    payload = block.body.execution_payload
    return Node(
        root_of(block),
        bytes(block.parent_root),
        int(block.slot),
        int(payload.block_number),
        bytes(payload.block_hash),
        signed,
        state,
        included,
    )


def checkpoints_json(state: BeaconState) -> dict[str, Any]:
    """Return a state's finality checkpoints (Beacon API, /eth/v1/beacon/states/{state_id}/finality_checkpoints)."""
    return {
        "previous_justified": to_json(state.previous_justified_checkpoint),
        "current_justified": to_json(state.current_justified_checkpoint),
        "finalized": to_json(state.finalized_checkpoint),
    }


def previous_epoch_participation(state: BeaconState) -> float:
    """Return the share of stake that voted for the right target in the previous epoch."""
    voters = spec.get_unslashed_participating_indices(
        state, spec.TIMELY_TARGET_FLAG_INDEX, spec.get_previous_epoch(state)
    )
    stake = sum(int(state.validators[index].effective_balance) for index in voters)
    return stake / int(spec.get_total_active_balance(state))
