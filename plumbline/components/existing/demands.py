"""What is demanded of the objects of any stack, as they stand in the API server: running, bounded, pinned, isolated, kept by budgets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plumbline.components.base import Workload
from plumbline.kube.api import Object, rollout
from plumbline.kube.selectors import selects

_DIRECTIONS = {"Ingress", "Egress"}


def named(workload: Workload) -> str:
    """Return how failures call a workload."""
    return f"{workload.kind} {workload.namespace}/{workload.name}"


def not_rolled_out(who: str, workload: Object) -> str:
    """Say how a workload is not as it should be: all replicas ready, of its newest version; empty where it is."""
    ready, wanted, current = rollout(workload)
    if not current:
        return f"{who}: an update is rolling out"
    return "" if ready >= wanted > 0 else f"{who}: {ready} of {wanted} ready"


def unbounded(who: str, workload: Object) -> Iterator[str]:
    """Yield what a workload's pods lack: a readiness probe; in each container a pinned image, requests, and a limit on memory."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    if not any("readinessProbe" in container for container in containers):
        yield f"{who}: has no readiness probe"
    for container in containers:
        where = f"{who}, container {container['name']}"
        resources = container.get("resources", {})
        if not _pinned(container["image"]):
            yield f"{where}: image {container['image']} names no version"
        if lacking := [what for what in ("cpu", "memory") if what not in resources.get("requests", {})]:
            yield f"{where}: requests no {' and no '.join(lacking)}"
        if "memory" not in resources.get("limits", {}):
            yield f"{where}: has no limit on memory"


def open_by_default(namespace: str, policies: Iterable[Object]) -> str:
    """Say in which directions a namespace's pods are free where no policy speaks of them; empty where they are in none.

    A policy that selects every pod isolates it (https://kubernetes.io/docs/concepts/services-networking/network-policies), unless
    one of its rules lets everything through.
    """
    free = set(_DIRECTIONS)
    for policy in policies:
        free -= _isolated(policy["spec"])
    return f"namespace {namespace} does not deny {' and '.join(sorted(free)).lower()} by default" if free else ""


def unbudgeted(who: str, workload: Object, budgets: Iterable[Object]) -> str:
    """Say that a workload of several replicas is under no budget that keeps one of them; empty where it is, or has one replica."""
    if workload["spec"].get("replicas", 1) < 2:
        return ""
    labels = workload["spec"]["template"]["metadata"].get("labels", {})
    over = [budget for budget in budgets if selects(budget["spec"]["selector"], labels)]
    if not over:
        return f"{who}: has {workload['spec']['replicas']} replicas and no PodDisruptionBudget"
    if all(budget.get("status", {}).get("desiredHealthy", 0) < 1 for budget in over):
        names = ", ".join(budget["metadata"]["name"] for budget in over)
        return f"{who}: PodDisruptionBudget {names} keeps none of its replicas"
    return ""


def _pinned(image: str) -> bool:
    """Whether an image is named by its digest, or by a tag that is not the moving one."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return bool(digest) or tag not in ("", "latest")


def _isolated(spec: Object) -> set[str]:
    if any(spec.get("podSelector", {}).values()):
        return set()
    types = set(spec.get("policyTypes") or ["Ingress"])
    return {direction for direction in types if {} not in (spec.get(direction.lower()) or [])}
