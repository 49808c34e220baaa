"""Pods that faults start where they have no business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.kube.pods import confined

if TYPE_CHECKING:
    from plumbline.kube.api import Object


def privileged(name: str, namespace: str) -> Object:
    """Return a pod that may do everything."""
    pod = confined(name, namespace)
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    return pod
