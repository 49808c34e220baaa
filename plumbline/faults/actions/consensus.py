"""Faults of the consensus layer, most of them committed by the beacon node on command; and drifted fork schedules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING

from plumbline.components.devnet import GENESIS, NAMESPACE
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import added
from plumbline.faults.injuries.nodes import deployed_with, misbehaving, without_policy
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault
from plumbline.kube.ours import meta

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_YEAR_2100 = 4102444800
_OTHER_GENESIS = "devnet-genesis-drifted"


@fault("slots-skipped", breaks="EXE-003", injured="geth-0", green=("EXE-001", "EXE-002"), within_s=60)
def slots_skipped(stack: Stack) -> Iterator[None]:
    """No block is made in the next slots: every node's head grows old."""
    with misbehaving(stack, "skip_slots", count=20):
        yield


@fault("chain-stalled", breaks="EXE-003", injured="geth-0", green=("EXE-001", "EXE-002"), within_s=60)
def chain_stalled(stack: Stack) -> Iterator[None]:
    """The beacon node processes no slot at all."""
    with misbehaving(stack, "stall"):
        yield


@fault("chain-reorganised", breaks="EXE-003", injured="geth-0", green=("EXE-001", "EXE-002"), within_s=60)
def chain_reorganised(stack: Stack) -> Iterator[None]:
    """Each block is built on one below the head: heads go back."""
    with (
        misbehaving(stack, "reorg", depth=2),  # which ends with its block, hence again and again
        stack.consensus.control() as control,
        again_and_again(lambda: control.inject("reorg", depth=2), every_s=1.0),
    ):
        yield


@fault("votes-withheld", breaks="CON-001", injured="beacon-0", green=("EXE-001", "EXE-002"), within_s=60)
def votes_withheld(stack: Stack) -> Iterator[None]:
    """No validator votes: blocks go on, and nothing will be justified."""
    with misbehaving(stack, "withhold_attestations"):
        yield


@fault("sync-signature-forged", breaks="CON-002", injured="beacon-0", green=("CON-001", "EXE-002"))
def sync_signature_forged(stack: Stack) -> Iterator[None]:
    """Light-client updates carry a sync-committee signature over another root."""
    with misbehaving(stack, "bad_sync_signature"):
        yield


@fault("finality-branch-wrong", breaks="CON-002", injured="beacon-0", green=("CON-001", "EXE-002"))
def finality_branch_wrong(stack: Stack) -> Iterator[None]:
    """Light-client updates carry a finality branch that proves nothing."""
    with misbehaving(stack, "wrong_finality_branch"):
        yield


@fault("participation-low", breaks="CON-002", injured="beacon-0", green=("EXE-001", "EXE-002"), within_s=60)
def participation_low(stack: Stack) -> Iterator[None]:
    """Three of ten validators are on line: too few sign for a light client to believe in a block's finality."""
    with misbehaving(stack, "low_participation", fraction=0.3):
        yield


@fault("engines-denied", breaks="CON-003", injured="beacon-0", green=("EXE-001", "CON-001"), within_s=240)
def engines_denied(stack: Stack) -> Iterator[None]:
    """The producers' NetworkPolicy is gone: the beacon node cannot reach them any more after a restart."""
    with without_policy(stack, "geth"):
        yield


@fault("light-clients-misinformed", breaks="FRK-001", injured=GENESIS, green=("EXE-001", "CON-002"))
def light_clients_misinformed(stack: Stack) -> Iterator[None]:
    """What Geth's light clients are given plans a fork that this network has not: public Sepolia's Gloas."""
    files = stack.devnet.genesis_files()
    drifted = {
        **files,
        "beacon.yaml": files["beacon.yaml"] + "GLOAS_FORK_VERSION: 0x90000076\nGLOAS_FORK_EPOCH: 353024\n",
    }
    with undone_by(stack, "genesis-as-made"):
        stack.site.kube.apply([_config_map(GENESIS, drifted)])
        yield


@cure("genesis-as-made")
def _genesis_as_made(stack: Stack) -> None:
    stack.devnet.stage()


@fault("fork-planned-by-one", breaks="FRK-001", injured="geth-follower-0", green=("CON-001",))
def fork_planned_by_one(stack: Stack) -> Iterator[None]:
    """The follower is initialised with a genesis that plans Amsterdam, which no other node does."""
    with (
        added(stack, _drifted_genesis(stack)),
        deployed_with(stack, "geth-follower", {"genesis": {"existingConfigMap": _OTHER_GENESIS}}),
    ):
        yield


def _drifted_genesis(stack: Stack) -> Object:
    genesis = deepcopy(stack.devnet.genesis)
    genesis["config"]["amsterdamTime"] = _YEAR_2100
    return _config_map(_OTHER_GENESIS, {"genesis.json": json.dumps(genesis)})


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, NAMESPACE), "data": data}
