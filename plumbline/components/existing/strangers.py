"""A stack of strangers beside our own, by plain manifests: its Geth nodes follow our devnet, all else is theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from plumbline.components.base import Workload
from plumbline.components.consensus import Consensus
from plumbline.components.devnet import GENESIS
from plumbline.components.devnet import NAMESPACE as DEVNET
from plumbline.components.execution import LATE, Execution
from plumbline.components.existing import proposal
from plumbline.components.existing.mapping import Host
from plumbline.components.existing.stack import answer
from plumbline.core import wait
from plumbline.kube.api import Kube, Object, balanced_address

MANIFEST = "existing/strangers.yaml"  # below local/
NAMESPACES = ("chain", "edge", "watch")
_WORKLOADS = (
    Workload("StatefulSet", "node", "chain"),
    Workload("Deployment", "edge", "edge"),
    Workload("Deployment", "prometheus", "watch"),
)
_READY_WITHIN_S = 180.0
_LED_WITHIN_S = 30.0
_GONE_WITHIN_S = 90.0
_FAULT_OF_PROXY = 500
_UNKNOWN = "404"  # what Traefik says of a host that it has not read of yet


@contextmanager
def installed(execution: Execution, consensus: Consensus) -> Iterator[None]:
    """Have the strangers' stack there while the block runs, ready to be judged."""
    kube, local = execution.kube, execution.site.paths.local
    documents = [*yaml.safe_load_all((local / MANIFEST).read_text()), _network(execution, consensus)]
    text = "\n---\n".join(map(json.dumps, documents))
    try:
        kube.kubectl("apply", "--filename", "-", input=text)
        rolled_out = [kube.rolled_out(load.kind, load.name, load.namespace) for load in _WORKLOADS]
        served = [_served(kube, namespace) for namespace in ("chain", "watch")]
        wait.until(wait.every(*rolled_out, *served), named="the strangers' stack", within_s=_READY_WITHIN_S)
        ingresses = [found for namespace in NAMESPACES for found in kube.objects("Ingress", namespace)]
        led = wait.every(*(_led(host) for host in proposal.hosts_of(ingresses)))
        wait.until(led, named="the strangers' proxy leads to its hosts", within_s=_LED_WITHIN_S)
        yield
    finally:
        kube.kubectl("delete", "--filename", "-", "--ignore-not-found", "--wait=false", input=text)
        gone = wait.every(*(kube.gone("Namespace", name, "") for name in NAMESPACES))
        wait.until(gone, named="the strangers' namespaces gone", within_s=_GONE_WITHIN_S)


def _network(execution: Execution, consensus: Consensus) -> Object:
    """Return what their nodes must know of our devnet: its genesis, a checkpoint that is finalized now, and peers."""
    peers = [enode for pod, enode in execution.devnet.enodes().items() if pod != LATE]
    data: dict[str, Any] = {
        **execution.kube.get("ConfigMap", GENESIS, DEVNET)["data"],
        "checkpoint": consensus.checkpoints().finalized.root,
        "geth.toml": f"[Node.P2P]\nStaticNodes = {json.dumps(peers)}\n",
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "network", "namespace": "chain"},
        "data": data,
    }


def _served(kube: Kube, namespace: str) -> wait.Condition[None]:
    """Return the condition that the Ingresses of a namespace are served at an address."""

    def judge(ingresses: dict[str, Object]) -> wait.Observation[None]:
        pending = [name for name, found in ingresses.items() if not balanced_address(found)]
        return wait.Observation(
            bool(ingresses) and not pending, None, f"{len(pending)} Ingresses of {namespace} have no address"
        )

    return kube.watch("Ingress", namespace, judge)


def _led(host: Host) -> wait.Condition[str]:
    """Return the condition that what is behind a host answers: an address says no more than that the proxy wrote it."""

    def look() -> wait.Observation[str]:
        said = answer(host)
        return wait.Observation(
            said.isdigit() and said != _UNKNOWN and int(said) < _FAULT_OF_PROXY, said, f"{host.host} answers {said}"
        )

    return wait.poll(look)
