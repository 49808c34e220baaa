"""Faults that the reading controls must notice, in our own stack as the published account sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from plumbline.components.devnet import NAMESPACE
from plumbline.components.existing import reader
from plumbline.components.existing.stack import UNKNOWN_HOST
from plumbline.faults.actions.ingress import everything_let_in
from plumbline.faults.actions.isolation import budget_loosened, denial_lost
from plumbline.faults.injuries.changes import added, changed, read
from plumbline.faults.registry import fault
from plumbline.kube.probes import NAMESPACE as PROBES

if TYPE_CHECKING:
    from plumbline.stack import Stack

_RBAC = "rbac.authorization.k8s.io"
_ECHO = f"Deployment {PROBES}/probe-allowed"


@fault("reader-may-write", breaks="EXT-001", injured=f"create pods in namespace {NAMESPACE}", green=("EXT-004",))
def reader_may_write(stack: Stack) -> Iterator[None]:
    """A RoleBinding gives the reading account the right to edit one namespace."""
    with _granted(stack, "ClusterRole", "edit"):
        yield


@fault("reader-gets-in", breaks="EXT-001", injured=f"pods/exec in namespace {NAMESPACE}", green=("EXT-004",))
def reader_gets_in(stack: Stack) -> Iterator[None]:
    """A Role lets the reading account run programs in the pods of one namespace."""
    rules = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]
    meta = {"name": "gets-in", "namespace": NAMESPACE}
    with (
        added(stack, {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rules}),
        _granted(stack, "Role", "gets-in"),
    ):
        yield


@fault("rollout-stuck", breaks="EXT-002", injured=_ECHO, green=("EXT-005",))
def rollout_stuck(stack: Stack) -> Iterator[None]:
    """A Deployment's new version fits on no node."""
    nowhere = {"spec": {"template": {"spec": {"nodeSelector": {"plumbline.dev/nowhere": "true"}}}}}
    with changed(stack, "Deployment", "probe-allowed", PROBES, nowhere):
        yield


@fault("probe-lost", breaks="EXT-003", injured=_ECHO, green=("EXT-004", "EXT-005"))
def probe_lost(stack: Stack) -> Iterator[None]:
    """A Deployment's containers have no readiness probe."""
    containers = read(stack, "Deployment", "probe-allowed", PROBES)["spec"]["template"]["spec"]["containers"]
    blind = [{key: value for key, value in each.items() if key != "readinessProbe"} for each in containers]
    with changed(stack, "Deployment", "probe-allowed", PROBES, {"spec": {"template": {"spec": {"containers": blind}}}}):
        yield


# Some hurt what our own controls notice, too.
fault("denial-lost-read", breaks="EXT-004", injured="namespace storage", green=("EXT-005",))(denial_lost)
fault("budget-loosened-read", breaks="EXT-005", injured=f"StatefulSet {NAMESPACE}/geth", green=("EXT-004",))(
    budget_loosened
)
fault("everything-let-in-read", breaks="EXT-006", injured=f"host {UNKNOWN_HOST}", green=("EXT-004",))(everything_let_in)


def _granted(stack: Stack, kind: str, role: str) -> AbstractContextManager[None]:
    """Bind a role to the reading account, in the namespace of the nodes."""
    binding: dict[str, Any] = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"reader-{role}", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": reader.NAME, "namespace": reader.NAMESPACE}],
    }
    return added(stack, binding)
