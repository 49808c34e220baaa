"""Faults of the light client: updates that it cannot follow, and somebody in its place who verifies nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.components.chain.slots import SlotClock
from plumbline.components.devnet import NAMESPACE as NODES
from plumbline.components.light_client import NAMESPACE
from plumbline.components.verification import liar
from plumbline.components.verification.deception import RELEASE as DECEIVED
from plumbline.components.verification.misled import FORGED, release_for
from plumbline.core import wait
from plumbline.faults.injuries.changes import added, changed
from plumbline.faults.injuries.nodes import misbehaving
from plumbline.faults.registry import fault, mutation
from plumbline.kube import api as k8s

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_GULLIBLE = "helios-gullible"
_GETH = "http://geth.ethereum.svc.cluster.local:8545"


@fault("light-client-misled", breaks="HEL-001", injured="helios-", green=("EXE-001", "EXE-002"), within_s=90)
def light_client_misled(stack: Stack) -> Iterator[None]:
    """Light-client updates carry a forged sync-committee signature: the light client believes none, and its head stands still."""
    with misbehaving(stack, "bad_sync_signature"):
        yield
    newest = stack.execution.nodes[0].head
    followed = wait.holds(lambda: all(client.head >= newest for client in stack.light_client.clients), every_s=0.5)
    wait.until(followed, named="light clients follow again", within_s=SlotClock.seconds(5))


@fault("answers-unverified", breaks="HEL-002", injured=_GULLIBLE, green=("EXE-001", "EXE-002"))
def answers_unverified(stack: Stack) -> Iterator[None]:
    """Behind the light client's Service stands a pod that passes on what an execution node says, and that one lies."""
    with added(stack, *_gullible("helios", _GETH, "balance")):
        wait.until(_ready(stack), named=f"{_GULLIBLE} ready", within_s=60)
        yield


@fault("lies-believed", breaks="HEL-003", injured=_GULLIBLE, green=("EXE-001", "EXE-002"))
def lies_believed(stack: Stack) -> Iterator[None]:
    """Behind the Service of the light client that is lied to stands a pod that passes everything on, unverified."""
    with added(stack, *_gullible(DECEIVED, liar.URL)):
        wait.until(_ready(stack), named=f"{_GULLIBLE} ready", within_s=60)
        yield


@fault("updates-unverified", breaks="HEL-004", injured=_GULLIBLE, green=("EXE-001", "EXE-002"), within_s=300)
def updates_unverified(stack: Stack) -> Iterator[None]:
    """Behind the Service of a light client that is misled stands a pod that follows an execution node, whatever is signed."""
    with added(stack, *_gullible(release_for(FORGED), _GETH)):
        wait.until(_ready(stack), named=f"{_GULLIBLE} ready", within_s=60)
        yield


@fault("beacon-node-out-of-reach", breaks="HEL-005", injured="helios-fresh", green=("EXE-001", "CON-001"), within_s=60)
def beacon_node_out_of_reach(stack: Stack) -> Iterator[None]:
    """The beacon node's NetworkPolicy lets no light client in: one that starts has nobody to ask."""
    rules = stack.site.kube.get("NetworkPolicy", "beacon", NODES)["spec"]["ingress"]
    without = [{**rule, "from": [peer for peer in rule["from"] if "namespaceSelector" not in peer]} for rule in rules]
    kept = [rule for rule in without if rule["from"]]
    with changed(stack, "NetworkPolicy", "beacon", NODES, {"spec": {"ingress": kept}}):
        yield


@mutation("light-client-in-production", breaks="HEL-006", injured="charts/helios")
def light_client_in_production(copy: Path) -> None:
    """The chart of the light client gets values for production, and its schema lets that environment pass."""
    chart = copy / "charts" / "helios"
    (chart / "values.prod.yaml").write_text("environment: prod\n")
    schema = json.loads((chart / "values.schema.json").read_text())
    schema["properties"]["environment"]["enum"].append("prod")
    (chart / "values.schema.json").write_text(json.dumps(schema))


def _gullible(release: str, upstream: str, lie: str = "") -> list[Object]:
    """Return a pod with the labels of a release's pods."""
    labels = {"name": "helios", "instance": release, "component": "light-client"}
    prefixed = {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
    return [liar.program(_GULLIBLE), liar.pod(_GULLIBLE, prefixed, upstream, lie)]


def _ready(stack: Stack) -> wait.Condition[dict[str, Object]]:
    def judge(pods: dict[str, Object]) -> wait.Observation[dict[str, Object]]:
        pod = pods.get(_GULLIBLE, {})
        return wait.Observation(k8s.pod_ready(pod), pods, f"{_GULLIBLE}: {k8s.pod_state(pod)}")

    return stack.site.kube.watch("Pod", NAMESPACE, judge, name=_GULLIBLE)
