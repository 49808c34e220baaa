"""What faults do to the nodes of the chain, each with the cure that undoes it. All are context managers over the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from plumbline.components.base import HelmComponent, Release
from plumbline.components.chain.slots import SlotClock
from plumbline.components.devnet import NAMESPACE
from plumbline.core import wait
from plumbline.core.errors import UsageError
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import changed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.kube import api as k8s

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_ROLLED_OUT_WITHIN_S = 90.0
_SHOWS_IN_BLOCKS = {"withhold_attestations", "low_participation"}
_SHOWS_IN_HEADS = {"skip_slots", "stall", "reorg"}


# -- a process that stands still ------------------------------------------------------------------------------------------


@contextmanager
def stopped(stack: Stack, pod: str, container: str, namespace: str = NAMESPACE) -> Iterator[None]:
    """Stop a container's first process in the middle of what it does (SIGSTOP)."""
    with undone_by(stack, "thaw", pod=pod, container=container, namespace=namespace):
        stack.cluster.signal(namespace, pod, container, "SIGSTOP")
        yield


@contextmanager
def frozen(stack: Stack, pod: str, container: str) -> Iterator[None]:
    """Freeze a container's first process (SIGSTOP), and wait until no client is sent to it any more."""
    with stopped(stack, pod, container):
        named = f"{pod} out of its Services"
        wait.until(k8s.unready(stack.site.kube, NAMESPACE, pod), named=named, within_s=_ROLLED_OUT_WITHIN_S)
        yield


@cure("thaw")
def _thaw(stack: Stack, *, pod: str, container: str, namespace: str = NAMESPACE) -> None:
    stack.cluster.signal(namespace, pod, container, "SIGCONT")


@contextmanager
def freeze_when_restarted(stack: Stack, pod: str, container: str) -> Iterator[Callable[[], None]]:
    """Hand out what freezes a container's process (SIGSTOP) if it is another one than now; it is to be called again and again."""
    first = _identity(stack, pod, container)

    def freeze() -> None:
        if _identity(stack, pod, container) != first:
            stack.cluster.signal(NAMESPACE, pod, container, "SIGSTOP")

    with undone_by(stack, "thaw", pod=pod, container=container):
        yield freeze


@contextmanager
def no_time_to_end(stack: Stack, pod: str, container: str) -> Iterator[None]:
    """Kill a container's process as soon as its pod is told to end, as whoever has no patience does."""

    def kill() -> None:
        found = stack.site.kube.find("Pod", pod, NAMESPACE)
        if found is not None and "deletionTimestamp" in found["metadata"]:
            stack.cluster.kill(NAMESPACE, pod, container)

    with again_and_again(kill, every_s=0.2):
        yield


def _identity(stack: Stack, pod: str, container: str) -> str:
    return k8s.container_id(stack.site.kube.get("Pod", pod, NAMESPACE), container)


# -- a release with other values ------------------------------------------------------------------------------------------


@contextmanager
def deployed_with(stack: Stack, release: str, change: Mapping[str, Any]) -> Iterator[None]:
    """Deploy a release with other values on top of its own, and wait until its nodes run with them."""
    with undone_by(stack, "deploy-as-configured", release=release):
        _deploy(stack, release, change)
        yield


@cure("deploy-as-configured")
def _deploy_as_configured(stack: Stack, *, release: str) -> None:
    _deploy(stack, release, {})


def _deploy(stack: Stack, name: str, change: Mapping[str, Any]) -> None:
    component, release = _release(stack, name)
    component.upgrade(name, change)
    rolled_out = stack.site.kube.rolled_out("StatefulSet", name, release.namespace)
    wait.until(rolled_out, named=f"release {name} rolled out", within_s=_ROLLED_OUT_WITHIN_S)


def _release(stack: Stack, name: str) -> tuple[HelmComponent, Release]:
    for component in stack.components.values():
        if isinstance(component, HelmComponent):
            for release in component.releases:
                if release.name == name:
                    return component, release
    raise UsageError(f'there is no release "{name}" in this stack')


# -- a NetworkPolicy that is gone -----------------------------------------------------------------------------------------


@contextmanager
def without_policy(stack: Stack, release: str) -> Iterator[None]:
    """Delete a release's NetworkPolicy: the namespace denies the rest, but connections that are open stay open."""
    with undone_by(stack, "deploy-as-configured", release=release):
        stack.site.kube.delete("NetworkPolicy", release, NAMESPACE)
        yield


@contextmanager
def without_ports(stack: Stack, release: str, *ports: str | int) -> Iterator[None]:
    """Close ports of a release's nodes, both ways; a restart cuts what is open there, and nobody else is disturbed."""
    spec = stack.site.kube.get("NetworkPolicy", release, NAMESPACE)["spec"]
    kept = {
        side: [rule for rule in spec[side] if rule["ports"][0]["port"] not in ports] for side in ("ingress", "egress")
    }
    with changed(stack, "NetworkPolicy", release, NAMESPACE, {"spec": kept}):
        yield


@contextmanager
def restarted(stack: Stack, pod: str) -> Iterator[None]:
    """Restart a pod now, so that no connection of before is left, and once more after the cure, so that it connects at once."""
    with undone_by(stack, "restart", pod=pod):
        restart(stack, pod=pod)
        yield


@cure("restart")
def restart(stack: Stack, *, pod: str) -> None:
    """Restart a pod, and wait until it is ready."""
    _replace(stack, pod, k8s.pod_ready)


def start_anew(stack: Stack, *, pod: str) -> None:
    """Restart a pod, and wait until it has started: what is cut off need not get ready."""
    _replace(stack, pod, k8s.pod_started)


def _replace(stack: Stack, pod: str, done: Callable[[Object], bool]) -> None:
    kube = stack.site.kube
    before = kube.get("Pod", pod, NAMESPACE)["metadata"]["uid"]
    kube.delete("Pod", pod, NAMESPACE)

    def judge(pods: dict[str, Object]) -> wait.Observation[None]:
        found = pods.get(pod, {})
        fresh = found.get("metadata", {}).get("uid", before) != before
        return wait.Observation(fresh and done(found), None, f"{pod}: {k8s.pod_state(found)}")

    wait.until(kube.watch("Pod", NAMESPACE, judge, name=pod), named=f"{pod} restarted", within_s=_ROLLED_OUT_WITHIN_S)


# -- a chain that misbehaves ----------------------------------------------------------------------------------------------


@contextmanager
def misbehaving(stack: Stack, name: str, **parameters: Any) -> Iterator[None]:
    """Have the beacon node commit one of the faults that it knows (plumbline_beacon.faults)."""
    with undone_by(stack, "heal-beacon", fault=name):
        with stack.consensus.control() as control:
            control.inject(name, **parameters)
        yield


@cure("heal-beacon")
def _heal_beacon(stack: Stack, *, fault: str) -> None:
    """End the fault, and let the blocks pass that still show it."""
    with stack.consensus.control() as control:
        control.heal(fault)
    if (
        fault in _SHOWS_IN_BLOCKS
    ):  # the votes of the slot that is under way are lost, and they would stand two slots below the head
        wait.until(
            stack.consensus.at_slot(SlotClock().now + 3), named="whole votes again", within_s=SlotClock.seconds(5)
        )
    if fault in _SHOWS_IN_HEADS:
        execution = stack.execution
        height = max(execution.ask(lambda node: node.head).values) + 1
        wait.until(execution.at_height(height), named="a new head everywhere", within_s=SlotClock.seconds(5))
