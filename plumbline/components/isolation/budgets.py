"""Disruption budgets: which evictions the API server would grant (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Object
from plumbline.kube.selectors import selects
from plumbline.kube.transport import ApiError

_TOO_MANY_REQUESTS = 429  # what an eviction that a budget forbids is answered with
_UNREADY_WITHIN_S = 15.0
_READY_WITHIN_S = 30.0


@dataclass(frozen=True)
class Answer:
    """What became of an eviction that was asked for.

    Attributes:
        pod: whose it would have been, "namespace/name".
        refused: whether a budget forbids it.
        said: the API server's words.
    """

    pod: str
    refused: bool
    said: str

    def __str__(self) -> str:
        """Tell it."""
        return f"the eviction of {self.pod} is {'refused' if self.refused else 'not refused'}: {self.said}"


def ask(site: Site, namespace: str, pod: str) -> Answer:
    """Ask for the eviction of a pod, as draining a node does, but as a dry run: all is checked, nothing is done."""
    meta = {"name": pod, "namespace": namespace}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta, "deleteOptions": {"dryRun": ["All"]}}
    try:
        site.kube.request("POST", f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction", body=eviction)
    except ApiError as error:
        return Answer(f"{namespace}/{pod}", error.status == _TOO_MANY_REQUESTS, error.message)
    return Answer(f"{namespace}/{pod}", refused=False, said="it would be granted")


def of_pod(site: Site, namespace: str, pod: str) -> list[str]:
    """Return the names of the budgets that a pod is under."""
    labels = site.kube.get("Pod", pod, namespace)["metadata"].get("labels", {})
    budgets = site.kube.objects("PodDisruptionBudget", namespace)
    return [str(budget["metadata"]["name"]) for budget in budgets if selects(budget["spec"]["selector"], labels)]


@contextmanager
def paused(site: Site, namespace: str, pod: str, container: str) -> Iterator[None]:
    """Have a pod that is not ready while the block runs: its process stands still, and goes on as if nothing had been."""
    cluster = Cluster(site)
    cluster.signal(namespace, pod, container, "SIGSTOP")
    try:
        named = f"{namespace}/{pod} is not ready"
        wait.until(k8s.unready(site.kube, namespace, pod), named=named, within_s=_UNREADY_WITHIN_S)
        yield
    finally:
        cluster.signal(namespace, pod, container, "SIGCONT")
        ready = site.kube.pods_ready(namespace, f"statefulset.kubernetes.io/pod-name={pod}", 1)
        wait.until(ready, named=f"{namespace}/{pod} is ready again", within_s=_READY_WITHIN_S)


def noticed(site: Site, namespace: str, budget: str, healthy: int) -> wait.Condition[Object]:
    """Return the condition that a budget counts so many healthy pods; it is told of them a moment later than others."""

    def judge(budgets: dict[str, Object]) -> wait.Observation[Object]:
        found = budgets.get(budget, {})
        count = found.get("status", {}).get("currentHealthy")
        return wait.Observation(count == healthy, found, f"PodDisruptionBudget {namespace}/{budget} counts {count}")

    return site.kube.watch("PodDisruptionBudget", namespace, judge, name=budget)
