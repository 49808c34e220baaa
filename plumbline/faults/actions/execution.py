"""Faults of the execution layer: wrong values, lost policies, frozen and misled Geth nodes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import CONTAINER, SERVICE
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import added, changed
from plumbline.faults.injuries.nodes import (
    deployed_with,
    frozen,
    misbehaving,
    no_time_to_end,
    restarted,
    without_policy,
)
from plumbline.faults.injuries.rival import rival_of
from plumbline.faults.injuries.tools import replaced
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.stack import Stack

_OTHER_KEY = "engine-jwt-other"
_HELM = """#!/bin/sh
case " $* " in
  *" upgrade "*) exec GENUINE "$@" --skip-schema-validation ;;
esac
exec GENUINE "$@"
"""


@fault("network-id-wrong", breaks="EXE-001", injured="geth-follower-0", green=("CON-001",))
def network_id_wrong(stack: Stack) -> Iterator[None]:
    """The follower is deployed with another network id, as by a slip in its values."""
    with deployed_with(stack, "geth-follower", {"genesis": {"networkId": 11155112}}):
        yield


@fault("peers-denied", breaks="EXE-002", injured="geth-follower-0", green=("EXE-001", "CON-001"))
def peers_denied(stack: Stack) -> Iterator[None]:
    """The follower's NetworkPolicy is gone, and it restarts: the namespace denies all that it wants to connect to."""
    with without_policy(stack, "geth-follower"), restarted(stack, "geth-follower-0"):
        yield


@fault("node-frozen", breaks="EXE-003", injured="geth-1", green=("CON-001", "CON-002"), within_s=60)
def node_frozen(stack: Stack) -> Iterator[None]:
    """A producer stops in the middle of what it does (SIGSTOP): its port is open, and nothing comes."""
    with frozen(stack, "geth-1", "geth"):
        yield


@fault("late-joiner-misled", breaks="EXE-004", injured="geth-late-0", green=("EXE-001", "EXE-002"), within_s=60)
def late_joiner_misled(stack: Stack) -> Iterator[None]:
    """Light clients are served updates with a forged sync-committee signature: one that believes them would be worse off."""
    with misbehaving(stack, "bad_sync_signature"):
        yield


@fault("two-masters", breaks="EXE-005", injured="geth-1", green=("EXE-001", "EXE-002"))
def two_masters(stack: Stack) -> Iterator[None]:
    """A second consensus client with the right key tells a producer that nothing is final since genesis."""
    with rival_of(stack, "geth-1") as rival, again_and_again(rival.assert_itself, every_s=0.2):
        yield


@fault("follower-frozen", breaks="EXE-006", injured="geth-follower-0", green=("CON-001",), within_s=90)
def follower_frozen(stack: Stack) -> Iterator[None]:
    """The follower stops in the middle of what it does (SIGSTOP): it never learns of the transactions' block."""
    with frozen(stack, "geth-follower-0", "geth"):
        yield


# -- EXE-007 --------------------------------------------------------------------------------------------------------------


@fault("engine-key-replaced", breaks="EXE-007", injured="geth-follower-0", green=("EXE-001",))
def engine_key_replaced(stack: Stack) -> Iterator[None]:
    """The follower is given another key than its consensus client has."""
    with _another_key(stack, secrets.token_hex(32)):
        yield


@fault("engine-key-guessable", breaks="EXE-007", injured="geth-follower-0", green=("EXE-001",))
def engine_key_guessable(stack: Stack) -> Iterator[None]:
    """The follower's key is the one that stands in every example: zeros."""
    with _another_key(stack, "00" * 32):
        yield


@contextmanager
def _another_key(stack: Stack, key: str) -> Iterator[None]:
    meta = {"name": _OTHER_KEY, "namespace": NAMESPACE}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"jwt.hex": f"0x{key}"}}
    change = {"consensus": {"engine": {"jwt": {"existingSecret": _OTHER_KEY}}}}
    with added(stack, secret), deployed_with(stack, "geth-follower", change):
        yield


# -- EXE-008 --------------------------------------------------------------------------------------------------------------


@fault("unready-served", breaks="EXE-008", injured="geth-follower-0", green=("EXE-001",), within_s=120)
def unready_served(stack: Stack) -> Iterator[None]:
    """The public Service sends clients to every node, whether it can serve them or not."""
    with changed(stack, "Service", SERVICE, NAMESPACE, {"spec": {"publishNotReadyAddresses": True}}):
        yield


@fault("stop-cut-short", breaks="EXE-008", injured="geth-follower-0", green=("EXE-001",), within_s=120)
def stop_cut_short(stack: Stack) -> Iterator[None]:
    """The follower is killed as soon as it is told to end: it cannot write its state."""
    with no_time_to_end(stack, "geth-follower-0", CONTAINER):
        yield


# -- EXE-009 --------------------------------------------------------------------------------------------------------------


@fault("policy-lost", breaks="EXE-009", injured="geth-follower-0", green=("EXE-001", "EXE-002"), within_s=120)
def policy_lost(stack: Stack) -> Iterator[None]:
    """The follower's NetworkPolicy is gone: what is connected stays so, and the loss is felt at its next restart only."""
    with without_policy(stack, "geth-follower"):
        yield


# -- EXE-010 --------------------------------------------------------------------------------------------------------------


@fault("upgrade-cut-short", breaks="EXE-010", injured="geth-follower-0", green=("EXE-001",), within_s=120)
def upgrade_cut_short(stack: Stack) -> Iterator[None]:
    """An upgrade gives the follower no time to end: it is killed, and loses what it has not written."""
    with no_time_to_end(stack, "geth-follower-0", CONTAINER):
        yield


@fault("schema-skipped", breaks="EXE-010", injured="geth-follower", green=("EXE-001",), within_s=120)
def schema_skipped(stack: Stack) -> Iterator[None]:
    """Helm is told to pass over the chart's schema."""
    with replaced(stack, "helm", _HELM):
        yield
