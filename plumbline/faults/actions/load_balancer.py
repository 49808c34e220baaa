"""Faults of the load balancer: addresses that nobody announces (any more), that nobody gives, and trouble that nobody is told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from plumbline.core.shell import CommandFailed
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import changed, read, roll_out, workload_changed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault
from plumbline.kube import api as k8s

if TYPE_CHECKING:
    from plumbline.stack import Stack

_METALLB = "metallb-system"
_NOWHERE = {"plumbline.dev/nowhere": "true"}


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
    nowhere = {"spec": {"template": {"spec": {"nodeSelector": _NOWHERE}}}}
    with workload_changed(stack, "DaemonSet", "speaker", _METALLB, nowhere):
        yield


@fault(
    "exhaustion-untold", breaks="LBR-002", injured="Service conformance/plumbline-second", green=("CLU-001", "LBR-001")
)
def exhaustion_untold(stack: Stack) -> Iterator[None]:
    """MetalLB's controller may not write events: a Service waits for an address, and nobody says why."""
    role = f"{_METALLB}:controller"
    rules = [rule for rule in read(stack, "ClusterRole", role)["rules"] if rule["resources"] != ["events"]]
    with changed(stack, "ClusterRole", role, "", {"rules": rules}):
        yield


@fault("speakers-hang", breaks="LBR-003", injured="DaemonSet speaker", green=("CLU-001",), within_s=90)
def speakers_hang(stack: Stack) -> Iterator[None]:
    """A speaker that is killed comes back and hangs (SIGSTOP), and all others with it: nobody is left to take over."""
    first = _speakers(stack)

    def freeze() -> None:
        if _speakers(stack) != first:
            _signal_speakers(stack, "SIGSTOP")

    with undone_by(stack, "thaw-speakers"), again_and_again(freeze, every_s=0.3):
        yield


@cure("thaw-speakers")
def _thaw_speakers(stack: Stack) -> None:
    _signal_speakers(stack, "SIGCONT")
    roll_out(stack, "DaemonSet", "speaker", _METALLB)


def _speakers(stack: Stack) -> dict[str, str]:
    """Return the identity of each speaker's container, by the pod's name."""
    pods = stack.site.kube.objects("Pod", _METALLB, selector="app.kubernetes.io/component=speaker")
    return {pod["metadata"]["name"]: k8s.container_id(pod, "speaker") for pod in pods}


def _signal_speakers(stack: Stack, signal: str) -> None:
    for pod in _speakers(stack):
        with suppress(CommandFailed):  # it is being started again just now
            stack.cluster.signal(_METALLB, pod, "speaker", signal)
