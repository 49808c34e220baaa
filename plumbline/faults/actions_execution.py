"""Faults of the execution layer: wrong values, lost policies, frozen and misled Geth nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.faults.again import again_and_again
from plumbline.faults.injuries import deployed_with, frozen, misbehaving, restarted, without_policy
from plumbline.faults.registry import fault
from plumbline.faults.rival import rival_of

if TYPE_CHECKING:
    from plumbline.stack import Stack


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


@fault("policy-lost", breaks="EXE-009", injured="geth-follower-0", green=("EXE-001", "EXE-002"), within_s=120)
def policy_lost(stack: Stack) -> Iterator[None]:
    """The follower's NetworkPolicy is gone: what is connected stays so, and the loss is felt at its next restart only."""
    with without_policy(stack, "geth-follower"):
        yield
