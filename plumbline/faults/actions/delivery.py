"""Faults of delivery by Argo CD: what it does not heal, and whom it does not wait for. It is in no stack by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.components.delivery.argo import APPLICATIONSETS, NAMESPACE, Argo
from plumbline.core import wait
from plumbline.faults.injuries.changes import changed, read
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.stack import Stack

_SUITE = "gitops"
_AT_ONCE = "--enable-progressive-syncs=false"
_ROLLED_OUT_WITHIN_S = 60.0
_HEALED_WITHIN_S = 120.0


@fault("drift-left-alone", breaks="GIT-002", injured="stage-workload", suite=_SUITE, within_s=0)
def drift_left_alone(stack: Stack) -> Iterator[None]:
    """Somebody has told Argo CD to leave one environment's workload alone."""
    left_alone = {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}}
    with changed(stack, "applications.argoproj.io", "stage-workload", NAMESPACE, left_alone):
        yield
    argo = Argo(stack.site)
    argo.told()  # what drifted meanwhile would be seen with its next look only, which is minutes away
    wait.until(argo.as_in_git("stage"), named="stage as in Git", within_s=_HEALED_WITHIN_S)


@fault("stage-skipped", breaks="GIT-002", injured="stage-workloads", suite=_SUITE, within_s=0)
def stage_skipped(stack: Stack) -> Iterator[None]:
    """The controller of ApplicationSets is told not to go step by step: who is promoted waits for nobody."""
    (container,) = read(stack, "Deployment", APPLICATIONSETS, NAMESPACE)["spec"]["template"]["spec"]["containers"]
    told = [{**container, "args": [*container["args"], _AT_ONCE]}]
    rolled_out = stack.site.kube.rolled_out("Deployment", APPLICATIONSETS, NAMESPACE)
    with changed(
        stack, "Deployment", APPLICATIONSETS, NAMESPACE, {"spec": {"template": {"spec": {"containers": told}}}}
    ):
        wait.until(rolled_out, named=f"{APPLICATIONSETS} without steps", within_s=_ROLLED_OUT_WITHIN_S)
        yield
