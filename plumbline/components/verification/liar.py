"""A lying execution node in the cluster: the pod that runs :mod:`plumbline.components.verification.lying_node`, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.components.light_client import NAMESPACE
from plumbline.components.verification import lying_node
from plumbline.core import wait
from plumbline.kube.api import Kube, Object
from plumbline.kube.ours import meta

NAME = "liar"
RPC_PORT, CONTROL_PORT = 8545, 8009
URL = f"http://{NAME}.{NAMESPACE}.svc.cluster.local:{RPC_PORT}"
_GETH = "http://geth.ethereum.svc.cluster.local:8545"
_IMAGE = "plumbline.local/toolbox:0.1.0"
_LIGHT_CLIENT = {"app.kubernetes.io/component": "light-client"}  # Geth lets in what is one
_READY_WITHIN_S = 30.0


@dataclass(frozen=True)
class Liar:
    """The pod, its Service, and its flows: to Geth, and from light clients."""

    kube: Kube

    @classmethod
    @contextmanager
    def standing(cls, kube: Kube) -> Iterator[Liar]:
        """Have it, honest at first, while the block runs."""
        objects = [program(NAME), pod(NAME, {"app": NAME, **_LIGHT_CLIENT}, _GETH), _service(), _flows()]
        try:
            kube.apply(objects)
            wait.until(kube.pods_ready(NAMESPACE, f"app={NAME}", 1), named=f"{NAME} ready", within_s=_READY_WITHIN_S)
            yield cls(kube)
        finally:
            for item in objects:
                kube.delete(item["kind"], item["metadata"]["name"], NAMESPACE, grace_s=0)

    @contextmanager
    def telling(self, lie: str) -> Iterator[None]:
        """Have it tell a lie (a key of ``lying_node.LIES``) while the block runs."""
        self._control("POST", lie)
        try:
            yield
        finally:
            self._control("POST", "")

    @property
    def told(self) -> int:
        """How often it told the lie."""
        return int(self._control("GET", "")["told"])

    def _control(self, method: str, lie: str) -> Any:
        return self.kube.request(method, f"{self.kube.pod_url(NAMESPACE, NAME, CONTROL_PORT)}/{lie}")

    @staticmethod
    def egress() -> Object:
        """Return the flow that leads to it, as a value of the chart ``helios``."""
        return {"to": [{"podSelector": {"matchLabels": {"app": NAME}}}], "port": RPC_PORT}


def program(name: str) -> Object:
    """Return the ConfigMap with the program, for a pod of that name."""
    text = Path(lying_node.__file__).read_text()
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, NAMESPACE), "data": {"lying_node.py": text}}


def pod(name: str, labels: Mapping[str, str], upstream: str, lie: str = "") -> Object:
    """Return a pod that passes JSON-RPC on to ``upstream``, altered by a lie to begin with."""
    confined = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": NAME,
        "image": _IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": [
            "python3",
            "/program/lying_node.py",
            upstream,
            str(RPC_PORT),
            str(CONTROL_PORT),
            *([lie] if lie else []),
        ],
        "ports": [{"name": "rpc", "containerPort": RPC_PORT}, {"name": "control", "containerPort": CONTROL_PORT}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "control"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": confined,
        "volumeMounts": [{"name": "program", "mountPath": "/program", "readOnly": True}],
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "program", "configMap": {"name": name}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta(name, NAMESPACE, labels), "spec": spec}


def _service() -> Object:
    spec = {"selector": {"app": NAME}, "ports": [{"name": "rpc", "port": RPC_PORT, "targetPort": "rpc"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(NAME, NAMESPACE), "spec": spec}


def _flows() -> Object:
    geth = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ethereum"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/component": "execution"}},
    }
    rpc = [{"port": RPC_PORT, "protocol": "TCP"}]
    spec = {
        "podSelector": {"matchLabels": {"app": NAME}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": _LIGHT_CLIENT}}], "ports": rpc}],
        "egress": [{"to": [geth], "ports": rpc}],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta(NAME, NAMESPACE),
        "spec": spec,
    }
