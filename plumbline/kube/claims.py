"""Claims of volumes of ours: what they look like, and how they go."""

from __future__ import annotations

from plumbline.core import wait
from plumbline.kube.api import Kube, Object
from plumbline.kube.ours import meta

_KIND = "PersistentVolumeClaim"
_GONE_WITHIN_S = 60.0


def claim(name: str, namespace: str, size: str) -> Object:
    """Return a claim of a size (a Kubernetes quantity), of the default class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": _KIND, "metadata": meta(name, namespace), "spec": spec}


def remove(kube: Kube, namespace: str, *names: str) -> None:
    """Delete claims, all at once, and wait until they are gone; those that are not there are as good.

    Raises:
        wait.Timeout: one is still there, a pod uses it for instance.
    """
    for name in names:
        kube.delete(_KIND, name, namespace)
    gone = wait.every(*(kube.gone(_KIND, name, namespace) for name in names))
    told = ", ".join(f"{namespace}/{name}" for name in names)
    wait.until(gone, named=f"claim {told} gone", within_s=_GONE_WITHIN_S)
