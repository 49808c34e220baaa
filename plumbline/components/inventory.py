"""Everything that a stack consists of, with a version for each: two of them tell whether anything was changed in between."""

from __future__ import annotations

from collections.abc import Mapping

from plumbline.components import kube as k8s
from plumbline.components.helm import Helm
from plumbline.components.kube import Kube, Object

Inventory = Mapping[str, str]

_BY_GENERATION = ("Deployment", "DaemonSet", "StatefulSet")  # their status changes by itself
_BY_VERSION = ("Service", "ConfigMap", "Secret", "Ingress", "NetworkPolicy", "PersistentVolumeClaim")
_ALIVE = frozenset({"ConfigMap kube-system/kube-apiserver-legacy-service-account-token-tracking"})


def take(kube: Kube, helm: Helm) -> Inventory:
    """Return the version of each object and release, by its name."""
    found = {f"release {r['namespace']}/{r['name']}": f"revision {r['revision']}" for r in helm.releases()}
    for pod in kube.objects("Pod", None):
        found[_name("Pod", pod)] = f"{pod['metadata']['uid']}, {k8s.restarts(pod)} restarts"
    for kind in _BY_GENERATION:
        for item in kube.objects(kind, None):
            found[_name(kind, item)] = f"{item['metadata']['uid']}, generation {item['metadata'].get('generation')}"
    for kind in _BY_VERSION:
        for item in kube.objects(kind, None):
            found[_name(kind, item)] = f"{item['metadata']['uid']}, version {item['metadata']['resourceVersion']}"
    return {name: version for name, version in found.items() if name not in _ALIVE}


def changes(before: Inventory, after: Inventory) -> list[str]:
    """Return, in words, what came, what went, and what became another."""
    gone = [f"{name} is gone" for name in before if name not in after]
    new = [f"{name} is new" for name in after if name not in before]
    changed = [
        f"{name} changed: {before[name]} -> {after[name]}"
        for name in before
        if after.get(name, before[name]) != before[name]
    ]
    return gone + new + changed


def _name(kind: str, item: Object) -> str:
    return f"{kind} {item['metadata']['namespace']}/{item['metadata']['name']}"
