"""Everything that a stack consists of, with a version for each: two of them tell whether anything was changed in between."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping

import yaml

from plumbline.kube import api as k8s
from plumbline.kube.api import Kube, Object, name_of
from plumbline.kube.helm import Helm

Inventory = Mapping[str, str]

_BY_GENERATION = ("Deployment", "DaemonSet", "StatefulSet")  # their status changes by itself
_BY_VERSION = ("Service", "ConfigMap", "Secret", "Ingress", "NetworkPolicy", "PersistentVolumeClaim")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_SHORTEST_SECRET = 8  # anything shorter turns up in the middle of words
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


def secret_values(kube: Kube) -> dict[str, str]:
    """Return every value of every Secret that is text and not for everybody, with its place: "namespace/name key"."""
    found = {}
    for secret in kube.objects("Secret", None):
        for key, value in (secret.get("data") or {}).items():
            text = b64decode(value).decode(errors="ignore")
            if len(text) >= _SHORTEST_SECRET and not _public(secret, text):
                found[text] = f"{name_of(secret)} {key}"
    return found


def kubeconfig_keys(kube: Kube) -> dict[str, str]:
    """Return the private keys of our own kubeconfig, with their place."""
    users = yaml.safe_load(kube.kubeconfig.read_text())["users"]
    return {b64decode(user["user"]["client-key-data"]).decode(): f"kubeconfig {user['name']}" for user in users}


def _public(secret: Object, text: str) -> bool:
    """Return whether a value is no secret though it stands in one: what belongs to another, or what everybody's kind has."""
    kind = secret.get("type")
    return kind in ("bootstrap.kubernetes.io/token", "helm.sh/release.v1") or text.startswith(_CERTIFICATE)


def _name(kind: str, item: Object) -> str:
    return f"{kind} {name_of(item)}"
