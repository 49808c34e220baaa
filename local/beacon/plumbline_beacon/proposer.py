"""The proposer's duty: draft ahead, have the payload packed, and turn both into the chain's next block as the slot starts."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Final

from plumbline_beacon import logs
from plumbline_beacon.accelerate import copy_with_roots
from plumbline_beacon.chain import Chain, Node
from plumbline_beacon.engines import Engines, Packing
from plumbline_beacon.faults import Faults
from plumbline_beacon.payloads import new_payload_arguments
from plumbline_beacon.production import Draft, NotOurs, complete, draft_block, judge, sign
from plumbline_beacon.spec import BeaconState, SignedBeaconBlock, advance
from plumbline_beacon.votes import Votes

log = logging.getLogger("proposer")

PACKED_TWICE: Final = 2
"""Live payloads are packed on two producers, so that losing one of them costs no slot."""

_PACK_WITHIN_S: Final = 1.5
_PACK_FOR_S: Final = 0.2
_FETCH_WITHIN_S: Final = 2.0
_ACCEPT_WITHIN_S: Final = 4.0
_TELL_AGAIN_S: Final = 10.0


class Proposer:
    """Makes blocks. Keeps a state on the head, ahead of it by the slots that were empty since."""

    def __init__(self, chain: Chain, votes: Votes, engines: Engines, faults: Faults) -> None:
        self._chain, self._votes, self._engines, self._faults = chain, votes, engines, faults
        self._ahead: BeaconState | None = None
        self._draft: Draft | None = None
        self._packings: list[Packing] = []
        self._told: tuple[int, str] | None = None
        self._tell_again_at = 0.0

    def state_at(self, slot: int) -> BeaconState:
        """Return the state on the head at a slot, for drafting a block or for voting in a slot without one."""
        if self._ahead is None:
            self._ahead = copy_with_roots(self._chain.head.state)
        advance(self._ahead, slot)
        return self._ahead

    def prepare(self, slot: int, producers: int) -> None:
        """Draft the slot's block on the head and have its payload packed; call again to make up for producers that failed."""
        if self._draft is None:
            self._draft = self._draft_on(self._chain.head, self.state_at(slot))
        self._pack(self._chain.head, producers)

    def propose(self, slot: int, reorg_depth: int, producers: int, patient: threading.Event | None) -> Node | None:
        """Make the slot's block the head; None when the slot is missed, for a reason that is logged.

        With `patient` (set to give up), a payload that was only just begun is given a moment to fill.
        """
        if self._chain.has_block_at(slot):
            self._missed(slot, "a block was signed for it before; a second one would be equivocation")
            return None
        parent = self._chain.head
        if reorg_depth:
            parent = self._draft_reorg(slot, reorg_depth)
        elif self._draft is None:
            self._draft = self._draft_on(parent, self.state_at(slot))
        self._match_participation(parent)
        built = self._payload(parent, producers, patient)
        draft, self._ahead = self._draft, None  # the draft's state is about to become the block's
        if draft is None or built is None:
            self._missed(slot, "no engine gave a payload" if draft else "its proposer's key is not ours")
            return None
        return self._finish(draft, built, parent)

    def done(self) -> None:
        """Drop what was prepared for the slot that has passed."""
        self._draft, self._packings = None, []

    def _draft_on(self, parent: Node, state: BeaconState) -> Draft | None:
        try:
            return draft_block(state, parent.root, self._votes, parent.included, self._faults.fraction_online())
        except NotOurs as reason:
            logs.warn(log, "no_draft", reason=str(reason))
            return None

    def _match_participation(self, parent: Node) -> None:
        """Draft again when validators went off or on line since; the payload does not depend on that."""
        if self._draft is not None and self._draft.online != self._faults.fraction_online():
            self._draft = self._draft_on(parent, self._draft.state)

    def _draft_reorg(self, slot: int, depth: int) -> Node:
        parent = self._chain.ancestor_for_reorg(depth, slot)
        head = self._chain.head
        logs.warn(log, "fault_reorg", slot=slot, depth=depth, head_slot=head.slot, builds_on_slot=parent.slot)
        self._draft, self._packings = self._draft_on(parent, self._chain.state_at(parent, slot)), []
        return parent

    def _pack(self, parent: Node, producers: int) -> None:
        """Have the draft's payload packed on so many producers, those that pack it already included."""
        missing = producers - len(self._packings)
        if self._draft is not None and missing > 0:
            forkchoice = self._chain.forkchoice(parent, self._draft.state)
            self._packings += self._engines.pack(
                forkchoice, self._draft.attributes, missing, _PACK_WITHIN_S, but=self._packings
            )

    def _payload(self, parent: Node, producers: int, patient: threading.Event | None) -> dict[str, Any] | None:
        """Return the payload that was packed ahead; failing that (the engines restarted), one that is packed now."""
        if self._packings and (built := self._engines.fetch(self._packings, _FETCH_WITHIN_S)) is not None:
            return built
        self._packings = []
        self._pack(parent, producers)
        if patient is not None and self._packings:
            patient.wait(_PACK_FOR_S)  # a payload that was just begun is still empty
        return self._engines.fetch(self._packings, _FETCH_WITHIN_S)

    def _finish(self, draft: Draft, built: dict[str, Any], parent: Node) -> Node | None:
        try:
            block = complete(draft, built)
            deliveries = self._engines.deliver(
                new_payload_arguments(block)
            )  # they execute while the specification judges
            judge(draft, block)
        except (
            Exception
        ):  # the specification refuses in many ways; whatever it was, the slot is lost and the next one is another try
            log.exception("event=block_rejected slot=%d", draft.slot)
            self._missed(draft.slot, "the specification rejects the block")
            return None
        if not self._engines.accepted(int(block.body.execution_payload.block_number), deliveries, _ACCEPT_WITHIN_S):
            self._missed(draft.slot, "no producer accepted the payload")
            return None
        return self._import(parent, sign(draft, block), draft.state)

    def _import(self, parent: Node, signed: SignedBeaconBlock, state: BeaconState) -> Node:
        node = self._chain.store(parent, signed, state)
        self._engines.set_head(self._chain.forkchoice(node, node.state))
        self._chain.publish(parent, node)
        return node

    def _missed(self, slot: int, reason: str) -> None:
        """Log why a slot has no block; in the back-fill, which tries again and again, not every time."""
        now = time.monotonic()
        if (slot, reason) != self._told or now >= self._tell_again_at:
            self._told, self._tell_again_at = (slot, reason), now + _TELL_AGAIN_S
            logs.error(log, "slot_missed", slot=slot, reason=reason)
