"""Faults of isolation: a flow too many, a flow too few, a pod with too much privilege, a budget that is gone, a Secret that others read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from plumbline.components.devnet import JWT_SECRET, NAMESPACE
from plumbline.faults.injuries.changes import added, changed, read, removed
from plumbline.faults.injuries.pods import privileged
from plumbline.faults.registry import fault
from plumbline.kube.pods import confined
from plumbline.kube.probes import NAMESPACE as PROBES

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_LEVEL = "pod-security.kubernetes.io/enforce"


# -- POL-001 --------------------------------------------------------------------------------------------------------------


@fault("flow-opened", breaks="POL-001", injured=f"({PROBES}/probe-denied) to {PROBES}/probe-echo", green=("POL-002",))
def flow_opened(stack: Stack) -> Iterator[None]:
    """The listener's policy lets everybody in to its guarded port."""
    rules = [{"ports": [{"port": "http"}]}, {"ports": [{"port": "open"}]}]
    with changed(stack, "NetworkPolicy", "probe-echo", PROBES, {"spec": {"ingress": rules}}):
        yield


@fault(
    "flow-opened-outwards", breaks="POL-001", injured=f"({NAMESPACE}/beacon) to outside", green=("POL-002", "CON-001")
)
def flow_opened_outwards(stack: Stack) -> Iterator[None]:
    """One more policy lets the beacon node out to the world."""
    spec = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/instance": "beacon"}},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
    }
    with added(stack, _object("networking.k8s.io/v1", "NetworkPolicy", "beacon-out", NAMESPACE, spec=spec)):
        yield


@fault(
    "flow-lost", breaks="POL-001", injured=f"(ingress-nginx/nginx-ingress) to {NAMESPACE}/geth-0", green=("POL-002",)
)
def flow_lost(stack: Stack) -> Iterator[None]:
    """Geth's policy no longer lets the ingress in."""
    rules = read(stack, "NetworkPolicy", "geth", NAMESPACE)["spec"]["ingress"]
    kept = [rule for rule in rules if {"port": "rpc", "protocol": "TCP"} not in rule["ports"]]
    with changed(stack, "NetworkPolicy", "geth", NAMESPACE, {"spec": {"ingress": kept}}):
        yield


@fault("denial-lost", breaks="POL-001", injured="namespace storage", green=("POL-002",))
def denial_lost(stack: Stack) -> Iterator[None]:
    """A namespace no longer denies by default: pods that have a policy of their own are as they were, others would be free."""
    with removed(stack, "NetworkPolicy", "default-deny", "storage"):
        yield


@fault("stranger-listens", breaks="POL-001", injured=f"pod {PROBES}/stranger", green=("CLU-001",))
def stranger_listens(stack: Stack) -> Iterator[None]:
    """A pod that nobody has put into the table of flows."""
    with added(stack, confined("stranger", PROBES)):
        yield


# -- POL-002 --------------------------------------------------------------------------------------------------------------


@fault("pod-privileged", breaks="POL-002", injured="pod kube-system/intruder", green=("CLU-001",))
def pod_privileged(stack: Stack) -> Iterator[None]:
    """A privileged pod stands where no level forbids it."""
    with added(stack, privileged("intruder", "kube-system")):
        yield


@fault("level-lowered", breaks="POL-002", injured=f"namespace {NAMESPACE}", green=("POL-001",))
def level_lowered(stack: Stack) -> Iterator[None]:
    """Geth's namespace admits any pod."""
    with changed(stack, "Namespace", NAMESPACE, "", {"metadata": {"labels": {_LEVEL: "privileged"}}}):
        yield


@fault("token-given", breaks="POL-002", injured=f"pod {PROBES}/probe-echo", green=("CLU-001",))
def token_given(stack: Stack) -> Iterator[None]:
    """A pod that does not need it gets a token of the Kubernetes API."""
    token = {"spec": {"template": {"spec": {"automountServiceAccountToken": True}}}}
    with changed(stack, "DaemonSet", "probe-echo", PROBES, token):
        yield


# -- POL-003 --------------------------------------------------------------------------------------------------------------


@fault("budget-gone", breaks="POL-003", injured=f"{NAMESPACE}/geth-1", green=("EXE-001",))
def budget_gone(stack: Stack) -> Iterator[None]:
    """The producers have no PodDisruptionBudget."""
    with removed(stack, "PodDisruptionBudget", "geth", NAMESPACE):
        yield


@fault("budget-loosened", breaks="POL-003", injured=f"PodDisruptionBudget {NAMESPACE}/geth", green=("EXE-001",))
def budget_loosened(stack: Stack) -> Iterator[None]:
    """The producers' PodDisruptionBudget is content with none of them."""
    with changed(stack, "PodDisruptionBudget", "geth", NAMESPACE, {"spec": {"minAvailable": 0}}):
        yield


# -- SEC-005 --------------------------------------------------------------------------------------------------------------


@fault(
    "secret-lent",
    breaks="SEC-005",
    injured=f"ServiceAccount {PROBES}/{PROBES} can read Secret {NAMESPACE}/{JWT_SECRET}",
    green=("POL-002",),
)
def secret_lent(stack: Stack) -> Iterator[None]:
    """A RoleBinding lets the probes read the Engine API's key."""
    name, group = "lent", "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [JWT_SECRET], "verbs": ["get"]}]
    role = _object(f"{group}/v1", "Role", name, NAMESPACE, rules=rules)
    binding = _object(
        f"{group}/v1",
        "RoleBinding",
        name,
        NAMESPACE,
        roleRef={"apiGroup": group, "kind": "Role", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": PROBES, "namespace": PROBES}],
    )
    with added(stack, role, binding):
        yield


@fault(
    "secret-mounted",
    breaks="SEC-005",
    injured=f"ServiceAccount {NAMESPACE}/default can read Secret {NAMESPACE}/{JWT_SECRET}",
    green=("POL-002",),
)
def secret_mounted(stack: Stack) -> Iterator[None]:
    """A pod of Geth's namespace is given the Engine API's key as a file."""
    pod = confined("curious", NAMESPACE)
    pod["spec"]["volumes"] = [{"name": "key", "secret": {"secretName": JWT_SECRET}}]
    with added(stack, pod):
        yield


def _object(version: str, kind: str, name: str, namespace: str, **content: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **content}
