"""Taking the chain through the slots: back-fill to the clock, then one block per slot, and catching up after an outage."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final

from plumbline_beacon import logs, network
from plumbline_beacon.chain import Chain, Node
from plumbline_beacon.clock import Clock, ManualClock
from plumbline_beacon.engine import EngineError
from plumbline_beacon.engines import Engines
from plumbline_beacon.faults import Faults
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.payloads import new_payload_arguments
from plumbline_beacon.proposer import PACKED_TWICE, Proposer
from plumbline_beacon.view import Publication, Readiness
from plumbline_beacon.votes import Votes

log = logging.getLogger("slots")

SPARSE_STRIDE: Final = 8
"""A block holds eight votes (MAX_ATTESTATIONS_ELECTRA): with a block every eighth slot no vote is lost."""

_REPACK_EVERY_S: Final = 1.0
_REPACK_UNTIL_S: Final = 1.5
_ENGINE_EVERY_S: Final = 0.2
_REMIND_EVERY_S: Final = 10.0
_STALLED_POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a new chain begins and how it is filled up to the clock."""

    backfill_slots: int
    blocks: int
    anchor_epochs_behind: int | None = None

    def anchor_epoch(self, wall_slot: int) -> int:
        """Return the epoch at whose first slot a new chain begins."""
        if self.anchor_epochs_behind is not None:
            return network.epoch_of(wall_slot) - self.anchor_epochs_behind
        return network.epoch_of(wall_slot - self.backfill_slots)

    def fills(self, slot: int, slots_left: int, blocks_so_far: int, has_finality: bool) -> bool:
        """Whether the back-fill gives a slot a block: sparsely up to the first finality, for which light clients wait.

        Then as late as possible, each of the last slots: so many as are lacking, since every block costs all nodes time.
        """
        return slot % SPARSE_STRIDE == 0 or (has_finality and slots_left < self.blocks - blocks_so_far)


class SlotLoop:
    """The chain's thread. One routine serves back-fill, live slots and catching up; they differ in which slots get a block."""

    def __init__(
        self,
        chain: Chain,
        votes: Votes,
        proposer: Proposer,
        engines: Engines,
        clock: Clock,
        faults: Faults,
        publication: Publication,
        metrics: Metrics,
        plan: Plan,
    ) -> None:
        self._chain, self._votes, self._proposer, self._engines, self._clock = chain, votes, proposer, engines, clock
        self._faults, self._publication, self._metrics, self._plan = faults, publication, metrics, plan
        self._started = time.monotonic()
        self._next = 0
        self._backfilled = self._was_ready = self._was_final = False

    def run(self, stop: threading.Event) -> None:
        """Work until stopped."""
        if not self._begin(stop):
            return
        while not stop.is_set():
            if self._faults.active("stall"):
                stop.wait(_STALLED_POLL_S)
            elif self._next <= self._clock.slot():
                self._process(self._next, stop)
            else:
                self._on_time(self._next, stop)

    # ---- start

    def _begin(self, stop: threading.Event) -> bool:
        """Resume the stored chain or anchor a new one; False when stopped before."""
        if not self._chain.resume() and not self._anchor(stop):
            return False
        head = self._chain.head
        self._votes.load(head.slot)
        self._backfilled = self._chain.backfilled
        self._next = head.slot + 1
        if isinstance(self._clock, ManualClock):
            filled_to = head.slot if self._backfilled else self._chain.anchor_slot + self._plan.backfill_slots
            self._clock.start_at(filled_to)
        self._publication.last_slot = head.slot
        self._log_phase("begin")
        return True

    def _anchor(self, stop: threading.Event) -> bool:
        remind_at = 0.0
        while not stop.is_set():
            try:
                genesis = self._engines.genesis()
            except EngineError as error:
                if time.monotonic() >= remind_at:
                    remind_at = time.monotonic() + _REMIND_EVERY_S
                    logs.event(log, "waiting_for_engine", reason=str(error))
                stop.wait(_ENGINE_EVERY_S)
            else:
                self._log_phase("engine")
                self._chain.start_at_anchor(genesis, self._plan.anchor_epoch(network.slot_at(time.time())))
                return True
        return False

    # ---- one slot

    def _on_time(self, slot: int, stop: threading.Event) -> None:
        """Prepare the coming slot's block, wait for the slot, and process it as it starts."""
        self._reached_clock()
        self._prepare(slot)
        while not self._clock.wait_for(slot, stop, _REPACK_EVERY_S):
            if stop.is_set() or self._faults.active("stall"):
                return
            if network.slot_start(slot) - time.time() > _REPACK_UNTIL_S:
                self._prepare(slot)  # an engine may have come back
        if not self._faults.active("stall"):
            self._process(slot, stop, on_time=True)

    def _prepare(self, slot: int) -> None:
        cpu = time.thread_time()
        self._proposer.prepare(slot, PACKED_TWICE)
        self._count_cpu(cpu)

    def _process(self, slot: int, stop: threading.Event, on_time: bool = False) -> None:
        """Give a slot its block, if it is to have one, and the validators' vote for whatever is the head then."""
        cpu = time.thread_time()
        self._chain.survive_power_cuts(on_time and self._clock.name == "wall")
        node = self._propose(slot, stop) if self._is_to_have_block(slot) else None
        if node is None and self._backfilled and not self._is_left_out(slot):
            self._metrics.add("plumbline_beacon_missed_slots_total")
        if node is not None and self._clock.name == "wall" and self._backfilled:
            self._note_delay(slot, node, on_time)
        if not self._faults.active("withhold_attestations"):
            state = node.state if node is not None else self._proposer.state_at(slot)
            self._votes.cast(state, self._chain.head.root, self._faults.fraction_online())
        self._proposer.done()
        self._next = slot + 1
        self._publication.last_slot = slot
        self._count_cpu(cpu)
        self._note_progress()

    def _propose(self, slot: int, stop: threading.Event) -> Node | None:
        if not self._backfilled:
            return self._fill(slot, stop)
        live = slot == self._clock.slot()
        return self._proposer.propose(slot, self._faults.take_reorg(), PACKED_TWICE, patient=stop if live else None)

    def _fill(self, slot: int, stop: threading.Event) -> Node | None:
        """Give a slot of the back-fill its block. Nothing is late yet, so engines that are still starting are waited for."""
        while not stop.is_set() and not self._chain.has_block_at(slot):
            node = self._proposer.propose(slot, reorg_depth=0, producers=1, patient=None)
            if node is not None:
                return node
            self._proposer.done()
            stop.wait(_ENGINE_EVERY_S)
        return None

    def _is_to_have_block(self, slot: int) -> bool:
        left = self._clock.slot() - slot
        if not self._backfilled:
            return self._plan.fills(slot, left, self._chain.head.el_number, self._chain.has_finality)
        if self._is_left_out(slot):
            return False
        if left > 0 and self._clock.name == "wall":
            return slot % SPARSE_STRIDE == 0  # an outage stays visible as missed slots, yet no vote is lost
        return not self._faults.take_skip()

    def _is_left_out(self, slot: int) -> bool:
        """Whether whoever advances a manual clock wants no block in this slot."""
        return isinstance(self._clock, ManualClock) and slot % self._clock.stride != 0

    # ---- progress

    def _reached_clock(self) -> None:
        """Note that the chain has caught up with the clock, and tell all engines the head once."""
        if not self._backfilled:
            self._backfilled = True
            self._chain.mark_backfilled()
            self._log_phase("backfill")
        if not self._publication.caught_up:
            self._publication.caught_up = True
            self._announce()
            self._note_progress()

    def _announce(self) -> None:
        head = self._chain.head
        if head.el_number > 0:
            self._engines.deliver(new_payload_arguments(head.signed.message))
        self._engines.set_head(self._chain.forkchoice(head, head.state))

    def _note_progress(self) -> None:
        view = self._publication.view
        if view is None:
            return
        if not self._was_final and view.light_client.finality_update is not None:
            self._was_final = True
            self._log_phase("first-finality-update")
        ready = self._publication.readiness is Readiness.READY
        if ready != self._was_ready:
            self._was_ready = ready
            self._log_phase("ready" if ready else "not-ready")
        if not self._engines.followers_released and self._backfilled and view.el_number > network.SNAP_SYNC_BLOCKS:
            self._engines.followers_released = True
            logs.event(log, "followers_released", el_number=view.el_number)
            self._announce()

    def _note_delay(self, slot: int, node: Node, on_time: bool) -> None:
        delay = time.time() - network.slot_start(slot)
        if on_time:  # not for blocks that make up for an outage
            self._metrics.observe("plumbline_beacon_block_delay_seconds", delay)
            self._metrics.set("plumbline_beacon_last_block_delay_seconds", delay)
        finalized = int(node.state.finalized_checkpoint.epoch)
        logs.event(log, "block", slot=slot, el_number=node.el_number, root=node.root, finalized=finalized, delay=delay)

    def _log_phase(self, name: str) -> None:
        """Log that a phase is reached, with the seconds since the start of the loop."""
        fields = {}
        if (view := self._publication.view) is not None:
            fields = {"slot": view.head_slot, "el_number": view.el_number}
        logs.event(log, "phase", name=name, seconds=time.monotonic() - self._started, **fields)

    def _count_cpu(self, since: float) -> None:
        self._metrics.add("plumbline_beacon_block_cpu_seconds_total", time.thread_time() - since)
