"""Rolling restarts: every pod of a workload is replaced, in the order and at the pace that the workload itself asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from plumbline.components.base import Workload
from plumbline.core import wait
from plumbline.core.patience import Settled, settle
from plumbline.kube import api as k8s
from plumbline.kube.api import Kube, Object

_ASKED_FOR = "kubectl.kubernetes.io/restartedAt"  # as `kubectl rollout restart` does


def restart(kube: Kube, workload: Workload, *, within_s: float) -> Settled[Any]:
    """Replace every pod of a workload, one after the other, and say whether all were replaced in time (seconds)."""
    found = kube.get(workload.kind, workload.name, workload.namespace)
    before = {
        pod["metadata"]["uid"] for pod in kube.objects("Pod", workload.namespace, selector=k8s.selector_of(found))
    }
    template = {"metadata": {"annotations": {_ASKED_FOR: datetime.now(UTC).isoformat(timespec="seconds")}}}
    kube.patch(workload.kind, workload.name, workload.namespace, {"spec": {"template": template}})

    def judge(pods: dict[str, Object]) -> wait.Observation[None]:
        old = [name for name, pod in pods.items() if pod["metadata"]["uid"] in before]
        return wait.Observation(not old, None, f"not replaced yet: {', '.join(old)}")

    replaced = wait.every(
        kube.rolled_out(workload.kind, workload.name, workload.namespace),
        kube.watch("Pod", workload.namespace, judge, selector=k8s.selector_of(found)),
    )
    return settle(replaced, named=f"every pod of {workload.kind} {workload.name} replaced", within_s=within_s)
