"""Faults of snapshots: nobody takes them, or they outlive the objects that stand for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.components.devnet import NAMESPACE
from plumbline.core import wait
from plumbline.faults.injuries.changes import changed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault
from plumbline.kube.probes import NAMESPACE as PROBES

if TYPE_CHECKING:
    from plumbline.stack import Stack

_CONTROLLER, _STORAGE = "snapshot-controller", "storage"
_WELL_WITHIN_S = 60.0


@fault("snapshot-controller-gone", breaks="DRS-001", injured=_CONTROLLER, green=("CLU-001", "EXE-001"), within_s=60)
def snapshot_controller_gone(stack: Stack) -> Iterator[None]:
    """The snapshot controller is scaled to zero: snapshots are asked for, and nobody takes them on."""
    scaled = changed(stack, "Deployment", _CONTROLLER, _STORAGE, {"spec": {"replicas": 0}})
    with undone_by(stack, "snapshot-controller-ready"), scaled:
        yield


@cure("snapshot-controller-ready")
def _ready(stack: Stack) -> None:
    wait.until(stack.storage.ready(), named="the snapshot controller ready", within_s=_WELL_WITHIN_S)


@fault("removed-snapshots-stay", breaks="DRS-004", injured="geth-follower-snapshot", green=("EXE-001",), within_s=300)
def removed_snapshots_stay(stack: Stack) -> Iterator[None]:
    """The class says Retain: the schedule removes its snapshots, and their contents stay for ever."""
    with _retained(stack):
        yield


@fault("removed-copies-stay", breaks="DRS-006", injured="plumbline-life", green=("EXE-001",), within_s=300)
def removed_copies_stay(stack: Stack) -> Iterator[None]:
    """The class says Retain: what a dying driver is told to delete is never deleted."""
    with _retained(stack):
        yield


@contextmanager
def _retained(stack: Stack) -> Iterator[None]:
    name = stack.storage.snapshot_class
    with (
        undone_by(stack, "remove-orphans"),
        changed(stack, "VolumeSnapshotClass", name, "", {"deletionPolicy": "Retain"}),
    ):
        yield


@cure("remove-orphans")
def _remove_orphans(stack: Stack) -> None:
    """Delete what is left of snapshots that are gone."""
    kube = stack.site.kube
    for namespace in (PROBES, NAMESPACE):
        for content in stack.storage.snapshots(namespace).orphans():
            kube.patch("VolumeSnapshotContent", content, "", {"spec": {"deletionPolicy": "Delete"}})
            kube.delete("VolumeSnapshotContent", content)
