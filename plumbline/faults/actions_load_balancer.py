"""Faults of the load balancer: addresses that nobody announces, that nobody gives, and trouble that nobody is told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.core import wait
from plumbline.faults.changes import changed, read
from plumbline.faults.registry import fault
from plumbline.faults.undo import cure, undone_by

if TYPE_CHECKING:
    from plumbline.stack import Stack

_METALLB = "metallb-system"
_NOWHERE = {"plumbline.dev/nowhere": "true"}
_READY_WITHIN_S = 60.0


@fault(
    "address-unannounced",
    breaks="LBR-001",
    injured="Service conformance/plumbline-outside",
    green=("CLU-001", "LBR-002"),
)
def address_unannounced(stack: Stack) -> Iterator[None]:
    """No node may announce addresses any more: a Service gets one, and nobody answers for it."""
    nowhere = {"spec": {"nodeSelectors": [{"matchLabels": _NOWHERE}]}}
    with changed(stack, "L2Advertisement", "metallb", _METALLB, nowhere):
        yield


@fault("speaker-gone", breaks="LBR-001", injured="DaemonSet speaker", green=("CLU-001", "LBR-002"))
def speaker_gone(stack: Stack) -> Iterator[None]:
    """The speaker fits on no node: a Service gets an address, and nobody answers for it."""
    with (
        undone_by(stack, "speaker-ready"),
        changed(stack, "DaemonSet", "speaker", _METALLB, {"spec": {"template": {"spec": {"nodeSelector": _NOWHERE}}}}),
    ):
        yield


@cure("speaker-ready")
def _speaker_ready(stack: Stack) -> None:
    wait.until(
        stack.site.kube.rolled_out("DaemonSet", "speaker", _METALLB), named="speaker ready", within_s=_READY_WITHIN_S
    )


@fault(
    "exhaustion-untold", breaks="LBR-002", injured="Service conformance/plumbline-second", green=("CLU-001", "LBR-001")
)
def exhaustion_untold(stack: Stack) -> Iterator[None]:
    """MetalLB's controller may not write events: a Service waits for an address, and nobody says why."""
    role = f"{_METALLB}:controller"
    rules = [rule for rule in read(stack, "ClusterRole", role)["rules"] if rule["resources"] != ["events"]]
    with changed(stack, "ClusterRole", role, "", {"rules": rules}):
        yield
