"""How a pod deviates from the restricted Pod Security level, and from what we ask beyond it.

https://kubernetes.io/docs/concepts/security/pod-security-standards – beyond it: a read-only root, a limit on memory, and no token
of the Kubernetes API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plumbline.kube.api import Object

BEYOND_RESTRICTED = frozenset({"token", "readOnlyRootFilesystem", "limits"})
_ADDED_BY_ALL = frozenset({"NET_BIND_SERVICE"})  # the one that the restricted level admits
_OF_THE_HOST = ("hostNetwork", "hostPID", "hostIPC")


def deviations(spec: Object, name: str) -> set[str]:
    """Return each deviation of a pod, such as "hostNetwork" or "driver: privileged".

    Args:
        spec: the pod's, or its template's.
        name: the workload's name; a container of the same name is not named again.
    """
    found = {word for word in _OF_THE_HOST if spec.get(word)}
    found |= {f"hostPath {volume['hostPath']['path']}" for volume in spec.get("volumes") or [] if "hostPath" in volume}
    if spec.get("serviceAccountName") and spec.get("automountServiceAccountToken") is not False:
        found.add("token")  # a node's own pods have no account
    for container in (*spec["containers"], *spec.get("initContainers", []), *spec.get("ephemeralContainers", [])):
        prefix = "" if container["name"] == name else f"{container['name']}: "
        found |= {prefix + each for each in _of_container(container)}
        if not spec.get("hostNetwork"):  # there each port is the node's in any case
            found |= {f"{prefix}hostPort {p['hostPort']}" for p in container.get("ports", []) if "hostPort" in p}
        found |= set(_of_user({**spec.get("securityContext", {}), **container.get("securityContext", {})}))
    return found


def _of_user(context: dict[str, Any]) -> Iterator[str]:
    """Yield what a container deviates in, by its own settings or by its pod's."""
    if not context.get("runAsNonRoot"):
        yield "runAsNonRoot"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"} and not context.get("privileged"):
        yield "seccompProfile"


def _of_container(container: Object) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("privileged"):  # which implies the next two
        yield "privileged"
    else:
        if context.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if "ALL" not in context.get("capabilities", {}).get("drop", []):
            yield "capabilities"
    added = set(context.get("capabilities", {}).get("add", [])) - _ADDED_BY_ALL
    yield from (f"added {name}" for name in sorted(added))
    if not context.get("readOnlyRootFilesystem"):
        yield "readOnlyRootFilesystem"
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "limits"
