"""Pods that faults start where they have no business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plumbline.components.kube import Object

TOOLBOX = "plumbline.local/toolbox:0.1.0"
IDLE = ("sleep", "infinity")


def confined(name: str, namespace: str, image: str = TOOLBOX, command: tuple[str, ...] = IDLE) -> Object:
    """Return a pod that the restricted Pod Security level admits, and that deviates in nothing."""
    context: dict[str, Any] = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "Never",
        "command": list(command),
        "securityContext": context,
        "resources": {"limits": {"memory": "64Mi"}},
    }
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def privileged(name: str, namespace: str) -> Object:
    """Return a pod that may do everything."""
    pod = confined(name, namespace)
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    return pod
