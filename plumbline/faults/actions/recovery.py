"""Faults of recovery: a part that does not come back as it was, a backup that is none, clients that are lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from plumbline.components.execution import CONTAINER
from plumbline.components.recovery.replacement import REHEARSED, RESTORED
from plumbline.faults.actions.secrets import forgotten_key
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.nodes import freeze_when_restarted, no_time_to_end
from plumbline.faults.injuries.tools import replaced
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.components.base import Release
    from plumbline.stack import Stack

_EMPTY = "persistence.fromSnapshot="
_HELM = """#!/bin/sh
case " $* " in
  *" RELEASE "*"/geth-node "*) exec GENUINE "$@" --set SLIP ;;
esac
exec GENUINE "$@"
"""


def _deployed_with(stack: Stack, release: Release, slip: str) -> AbstractContextManager[None]:
    """Have a release of the chart deployed with a slip in its values while the block runs."""
    return replaced(stack, "helm", _HELM.replace("RELEASE", release.name).replace("SLIP", slip))


@fault("part-hangs-at-start", breaks="OPS-004", injured="geth-0", green=("EXE-001", "EXE-002"), within_s=180)
def part_hangs_at_start(stack: Stack) -> Iterator[None]:
    """A producer that is killed comes back and hangs (SIGSTOP): the process is there, and does nothing."""
    with freeze_when_restarted(stack, "geth-0", "geth") as freeze, again_and_again(freeze, every_s=0.3):
        yield


@fault("copy-forgotten", breaks="DRS-002", injured="geth-restored-0", green=("EXE-001",))
def copy_forgotten(stack: Stack) -> Iterator[None]:
    """The replacement begins with an empty volume, as by a slip in its values: it could only download what others still have."""
    with _deployed_with(stack, RESTORED, _EMPTY):
        yield


@fault("stop-before-snapshot-cut-short", breaks="DRS-003", injured="geth-follower-0", green=("EXE-001",))
def stop_before_snapshot_cut_short(stack: Stack) -> Iterator[None]:
    """The node is killed as soon as it is told to end: a snapshot that is called graceful lacks what it had not written."""
    with no_time_to_end(stack, "geth-follower-0", CONTAINER):
        yield


@fault("host-forgotten", breaks="DRS-005", injured="geth-restored-0", green=("EXE-001",))
def host_forgotten(stack: Stack) -> Iterator[None]:
    """The replacement is not told the name that clients call it by: it is ready like every other node, and refuses them."""
    with _deployed_with(stack, RESTORED, "'ingress.hosts={nobody.example}'"):
        yield


@fault("clone-forgotten", breaks="UPG-001", injured="geth-rehearsed-0", green=("EXE-001",))
def clone_forgotten(stack: Stack) -> Iterator[None]:
    """What should be a clone begins with an empty volume: an upgrade would be rehearsed on a chain of which nothing is at stake."""
    with _deployed_with(stack, REHEARSED, _EMPTY):
        yield


@fault("export-without-key", breaks="DRS-007", injured="ethereum/engine-jwt", green=("EXE-001",))
def export_without_key(stack: Stack) -> Iterator[None]:
    """The key that the devnet's secrets are sealed to is in no backup: a cluster rebuilt from an export could not unseal them."""
    with forgotten_key(stack):
        yield
