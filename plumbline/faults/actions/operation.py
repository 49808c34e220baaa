"""Faults of what people type: a stack that forgot what it is, a destroy that leaves things, a summary that says too little or too much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.components.devnet import NAMESPACE
from plumbline.components.light_client import NAMESPACE as LIGHT_CLIENT
from plumbline.components.node import doomed
from plumbline.core import shell, state
from plumbline.faults.actions.ingress import renamed_host
from plumbline.faults.injuries.changes import added, changed
from plumbline.faults.injuries.nodes import misbehaving
from plumbline.faults.injuries.tools import replaced
from plumbline.faults.injuries.undo import cure, folder_of, undone_by
from plumbline.faults.registry import fault
from plumbline.query import GETH_HOST, HELIOS_HOST

if TYPE_CHECKING:
    from plumbline.stack import Stack

_FORGOTTEN = "forgotten"
_IN_THE_SUMMARY = "add this line to use the names from this machine"


# -- OPS-001 --------------------------------------------------------------------------------------------------------------


@fault("deployment-forgotten", breaks="OPS-001", injured="nginx-ingress", green=("CLU-001",))
def deployment_forgotten(stack: Stack) -> Iterator[None]:
    """The stack does not remember that the ingress is deployed as configured: a second run deploys it again."""
    # Nothing is put on record: where we die, the next bring-up deploys it again, and all is well.
    component = "ingress"
    was = _swap(stack, component, lambda _: _FORGOTTEN)
    try:
        yield
    finally:
        _swap(stack, component, lambda now: was if now == _FORGOTTEN else now)


def _swap(stack: Stack, component: str, choose: Callable[[str], str]) -> str:
    """Write down another fingerprint for a component, and return the one that was there."""
    file = stack.site.paths.state / "stack.json"
    known = state.read_json(file) or {}
    entry = known["components"][component]
    was, entry["fingerprint"] = entry["fingerprint"], choose(entry["fingerprint"])
    state.write_json(file, known)
    return str(was)


# KinD deletes a node's container with its volumes; this one, the cluster that exists to be destroyed, without.
_KIND = """#!/bin/sh
case "$*" in
  *"delete cluster --name DOOMED "*)
    docker inspect --format '{{range .Mounts}}{{.Name}} {{end}}' DOOMED-control-plane >> LEFT
    exec docker rm --force DOOMED-control-plane ;;
esac
exec GENUINE "$@"
"""


@fault("volumes-left", breaks="OPS-001", injured="volume", green=("CLU-001",))
def volumes_left(stack: Stack) -> Iterator[None]:
    """A cluster is deleted without the volumes of its nodes."""
    left = folder_of(stack) / "volumes-left"
    words = {"DOOMED": doomed.name(stack.site), "LEFT": str(left)}
    script = re.sub("|".join(words), lambda word: words[word[0]], _KIND)
    with undone_by(stack, "delete-volumes", left=str(left)), replaced(stack, "kind", script):
        yield


@cure("delete-volumes")
def _delete_volumes(stack: Stack, *, left: str) -> None:
    names = Path(left)
    if names.exists():
        for volume in names.read_text().split():
            shell.run(["docker", "volume", "rm", "--force", volume], within_s=20, env=stack.cluster.engine)
        names.unlink()


# -- OPS-002 --------------------------------------------------------------------------------------------------------------


@fault("host-withdrawn", breaks="OPS-002", injured=GETH_HOST, green=("CLU-001",))
def host_withdrawn(stack: Stack) -> Iterator[None]:
    """Geth's host is served no more, under that name."""
    with renamed_host(stack):
        yield


@fault("secret-shown", breaks="OPS-002", injured=f"{NAMESPACE}/overexposed", green=("CLU-001",))
def secret_shown(stack: Stack) -> Iterator[None]:
    """Some Secret's value is among what the summary prints."""
    meta = {"name": "overexposed", "namespace": NAMESPACE}
    with added(
        stack, {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"password": _IN_THE_SUMMARY}}
    ):
        yield


# -- OPS-003 --------------------------------------------------------------------------------------------------------------


@fault("query-unanswered", breaks="OPS-003", injured=GETH_HOST, green=("CLU-001",))
def query_unanswered(stack: Stack) -> Iterator[None]:
    """Geth's Service selects no pod."""
    with changed(stack, "Service", "geth", NAMESPACE, {"spec": {"selector": {"plumbline.dev/rpc": "nobody"}}}):
        yield


@fault("query-unanswered-by-helios", breaks="OPS-003", injured=HELIOS_HOST, green=("CLU-001",))
def query_unanswered_by_helios(stack: Stack) -> Iterator[None]:
    """Helios' Service selects no pod."""
    with changed(stack, "Service", "helios", LIGHT_CLIENT, {"spec": {"selector": {"plumbline.dev/rpc": "nobody"}}}):
        yield


@fault("query-without-progress", breaks="OPS-003", injured=GETH_HOST, green=("CLU-001",), within_s=90)
def query_without_progress(stack: Stack) -> Iterator[None]:
    """The chain stalls: the block number stays what it is."""
    with misbehaving(stack, "stall"):
        yield
