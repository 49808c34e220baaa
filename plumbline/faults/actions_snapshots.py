"""Faults of snapshots: nobody who takes them, or nothing that says how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.core import wait
from plumbline.faults.changes import changed
from plumbline.faults.registry import fault
from plumbline.faults.undo import cure, undone_by

if TYPE_CHECKING:
    from plumbline.stack import Stack

_CONTROLLER, _NAMESPACE = "snapshot-controller", "storage"
_WELL_WITHIN_S = 60.0


@fault("snapshot-controller-gone", breaks="DRS-001", injured=_CONTROLLER, green=("CLU-001", "EXE-001"), within_s=60)
def snapshot_controller_gone(stack: Stack) -> Iterator[None]:
    """The snapshot controller is scaled to zero: snapshots are asked for, and nobody takes them on."""
    scaled = changed(stack, "Deployment", _CONTROLLER, _NAMESPACE, {"spec": {"replicas": 0}})
    with undone_by(stack, "snapshot-controller-ready"), scaled:
        yield


@cure("snapshot-controller-ready")
def _ready(stack: Stack) -> None:
    wait.until(stack.storage.ready(), named="the snapshot controller ready", within_s=_WELL_WITHIN_S)
