"""Pods of our own for a moment: as confined as the restricted Pod Security level wants them, idle or with one thing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plumbline.kube.api import Object
from plumbline.kube.ours import meta

TOOLBOX = "plumbline.local/toolbox:0.1.0"
IDLE = ("sleep", "infinity")


def confined(
    name: str,
    namespace: str,
    image: str = TOOLBOX,
    command: Sequence[str] = IDLE,
    *,
    claims: Mapping[str, str] | None = None,
    memory: str = "64Mi",
) -> Object:
    """Return a pod that the restricted Pod Security level admits, and that deviates in nothing.

    Args:
        name: its name, and that of its container.
        namespace: where it goes.
        image: an image that the node has.
        command: what it runs.
        claims: names of claims whose volumes it sees, by the path at which it does.
        memory: its limit, as a Kubernetes quantity.
    """
    volumes = {f"volume-{number}": place for number, place in enumerate(sorted((claims or {}).items()))}
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "Never",
        "command": list(command),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"limits": {"memory": memory}},
        "volumeMounts": [{"name": volume, "mountPath": path} for volume, (path, _) in volumes.items()],
    }
    security: dict[str, Any] = {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # Geth takes GETH_PORT, which the Service "geth" makes, for its own option
        "terminationGracePeriodSeconds": 0,
        "securityContext": security,
        "containers": [container],
        "volumes": [
            {"name": volume, "persistentVolumeClaim": {"claimName": claim}} for volume, (_, claim) in volumes.items()
        ],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta(name, namespace), "spec": spec}


def suspended_job(name: str, namespace: str) -> Object:
    """Return a Job that is suspended: it is there, and has no pod (https://kubernetes.io/docs/concepts/workloads/controllers/job)."""
    pod = confined(name, namespace)
    template = {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": {**pod["spec"], "restartPolicy": "Never"}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": pod["metadata"],
        "spec": {"suspend": True, "template": template},
    }
