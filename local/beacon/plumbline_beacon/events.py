"""The chain's events in the Beacon API's words (/eth/v1/events)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from plumbline_beacon import network
from plumbline_beacon.encoding import to_hex
from plumbline_beacon.faults import Faults
from plumbline_beacon.lightclient import LightClientData, as_served
from plumbline_beacon.spec import BeaconState, spec
from plumbline_beacon.ssz_json import versioned
from plumbline_beacon.view import Events

if TYPE_CHECKING:
    from plumbline_beacon.chain import Node


class ChainEvents:
    """Tells subscribers what happened to the chain."""

    def __init__(self, events: Events, faults: Faults) -> None:
        self._events, self._faults = events, faults

    def new_head(self, parent: Node, node: Node, light_client: LightClientData) -> None:
        """Announce a block that became the head."""
        block = {"slot": str(node.slot), "block": to_hex(node.root), "execution_optimistic": False}
        self._events.emit("block", lambda: block)
        self._events.emit("head", lambda: {**block, **_head(parent, node)})
        before, after = parent.state.finalized_checkpoint, node.state.finalized_checkpoint
        if int(after.epoch) > int(before.epoch):
            self._events.emit("finalized_checkpoint", lambda: _finalized(after, node.state))
        for topic, update in (
            ("light_client_finality_update", light_client.finality_update),
            ("light_client_optimistic_update", light_client.optimistic_update),
        ):
            if update is not None:
                self._events.emit(topic, partial(self._served, update))

    def _served(self, update: Any) -> dict[str, Any]:
        return versioned(as_served(update, self._faults))

    def reorg(self, old: Node, ancestor: Node, node: Node) -> None:
        """Announce that the head moved to another branch."""
        self._events.emit(
            "chain_reorg",
            lambda: {
                "slot": str(node.slot),
                "depth": str(old.slot - ancestor.slot),
                "old_head_block": to_hex(old.root),
                "new_head_block": to_hex(node.root),
                "old_head_state": to_hex(old.signed.message.state_root),
                "new_head_state": to_hex(node.signed.message.state_root),
                "epoch": str(network.epoch_of(node.slot)),
                "execution_optimistic": False,
            },
        )


def _head(parent: Node, node: Node) -> dict[str, Any]:
    epoch = network.epoch_of(node.slot)
    return {
        "state": to_hex(node.signed.message.state_root),
        "epoch_transition": epoch > network.epoch_of(parent.slot),
        "previous_duty_dependent_root": to_hex(_dependent_root(node.state, epoch - 1)),
        "current_duty_dependent_root": to_hex(_dependent_root(node.state, epoch)),
    }


def _dependent_root(state: BeaconState, epoch: int) -> bytes:
    """Return the root of the last block before an epoch; zero before the anchor."""
    return bytes(spec.get_block_root_at_slot(state, spec.Slot(network.epoch_start(epoch) - 1)))


def _finalized(checkpoint: Any, state: BeaconState) -> dict[str, Any]:
    slot = network.epoch_start(int(checkpoint.epoch))
    state_root = state.state_roots[slot % len(state.state_roots)]
    return {
        "block": to_hex(checkpoint.root),
        "state": to_hex(state_root),
        "epoch": str(int(checkpoint.epoch)),
        "execution_optimistic": False,
    }
