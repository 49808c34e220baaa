"""A namespace of its own for a node that is restored only to be looked at: what it is a copy of is lent to it, and its flows opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.components.devnet import GENESIS, NAMESPACE
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.core import wait
from plumbline.core.errors import UsageError
from plumbline.kube.api import Kube, Object, node_address
from plumbline.kube.ours import meta

_MARK = "plumbline.dev/restored-into"
_READY_WITHIN_S, _GONE_WITHIN_S = 30.0, 90.0
_P2P, _BEACON, _RPC = 30303, 3500, 8545


class NamespaceTaken(UsageError):
    """A namespace has something in it that a restored node must not come between."""

    def __init__(self, namespace: str) -> None:
        """Keep its name."""
        self.namespace = namespace
        super().__init__(
            f"namespace {namespace} is there already: name one that is not, it is made and removed with the node"
        )


@dataclass(frozen=True)
class Elsewhere:
    """A namespace that holds a restored node and what that needs, and nothing else.

    Attributes:
        kube: the API server.
        namespace: its name.
        snapshots: where the node's snapshot is.
    """

    kube: Kube
    namespace: str
    snapshots: Snapshots

    def demand_absent(self) -> None:
        """Refuse a namespace that is there already.

        Raises:
            NamespaceTaken: it is.
        """
        if self.kube.find("Namespace", self.namespace) is not None:
            raise NamespaceTaken(self.namespace)

    @property
    def values(self) -> Mapping[str, Any]:
        """What the chart is told, since nobody else makes the policies of its namespace."""
        return {"namespacePolicies": {"create": True}}

    def lend(self, snapshot: Snapshot) -> Snapshot:
        """Make the namespace, and return the snapshot as it stands there; its own object, and the copy behind both, stay.

        Source: https://kubernetes.io/docs/concepts/storage/volume-snapshots/#static (pre-provisioned)

        Raises:
            wait.Timeout: the driver does not know the copy.
        """
        self.kube.ensure_namespace(self.namespace, "restricted")
        self.kube.patch("Namespace", self.namespace, "", {"metadata": {"labels": {_MARK: "true"}}})
        self.kube.apply([self._genesis(), *self._flows(), self._content(snapshot), self._snapshot(snapshot)])
        there = Snapshots(self.kube, self.namespace).ready(snapshot.name)
        return wait.until(there, named=f"{snapshot.name} lent to {self.namespace}", within_s=_READY_WITHIN_S)

    def clear(self) -> None:
        """Remove the namespace with all that is in it, where it is one of ours."""
        found = self.kube.find("Namespace", self.namespace)
        if found is None or _MARK not in found["metadata"]["labels"]:
            return
        lent = [self._content_name(snapshot) for snapshot in Snapshots(self.kube, self.namespace).all()]
        self.kube.delete("NetworkPolicy", self._way_in, NAMESPACE)
        self.kube.delete("Namespace", self.namespace)
        for content in lent:
            self.kube.delete("VolumeSnapshotContent", content)
        left = [self.kube.gone("VolumeSnapshotContent", content, "") for content in lent]
        gone = wait.every(self.kube.gone("Namespace", self.namespace, ""), *left)
        wait.until(gone, named=f"namespace {self.namespace} gone", within_s=_GONE_WITHIN_S)

    # -- what the node needs there --------------------------------------------------------------------------------

    def _genesis(self) -> Object:
        data = self.kube.get("ConfigMap", GENESIS, NAMESPACE)["data"]
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(GENESIS, self.namespace), "data": data}

    def _snapshot(self, snapshot: Snapshot) -> Object:
        return {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {
                **meta(snapshot.name, self.namespace),
                "labels": dict(snapshot.labels),
                "annotations": dict(snapshot.annotations),
            },
            "spec": {"source": {"volumeSnapshotContentName": self._content_name(snapshot)}},
        }

    def _content(self, snapshot: Snapshot) -> Object:
        """Return a content that stands for the same copy, and never deletes it; whoever cares for the other one cares for it, too."""
        own = self.kube.get("VolumeSnapshotContent", snapshot.content)
        return {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotContent",
            "metadata": {"name": self._content_name(snapshot), "labels": own["metadata"].get("labels", {})},
            "spec": {
                "deletionPolicy": "Retain",
                "driver": own["spec"]["driver"],
                "source": {"snapshotHandle": self.snapshots.handle(snapshot)},
                "volumeSnapshotRef": {"name": snapshot.name, "namespace": self.namespace},
            },
        }

    def _content_name(self, snapshot: Snapshot) -> str:
        return f"{self.namespace}-{snapshot.name}"

    @property
    def _way_in(self) -> str:
        """The name of the policy by which the devnet's pods let it in."""
        return f"restored-into-{self.namespace}"

    def _flows(self) -> Sequence[Object]:
        """Return the policies that open its flows: to the devnet's nodes, and to it from the API server, through which we ask."""
        here, there = (
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": n}}}
            for n in (self.namespace, NAMESPACE)
        )
        (asks,) = [node_address(n) for n in self.kube.objects("Node", selector="node-role.kubernetes.io/control-plane")]
        devnet = [{"port": _P2P}, {"port": _BEACON}]
        own = {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "egress": [{"to": [there], "ports": devnet}],
            "ingress": [{"from": [{"ipBlock": {"cidr": f"{asks}/32"}}], "ports": [{"port": _RPC}]}],
        }
        nodes = {
            "matchExpressions": [
                {"key": "app.kubernetes.io/component", "operator": "In", "values": ["execution", "consensus"]}
            ]
        }
        its = {"podSelector": nodes, "policyTypes": ["Ingress"], "ingress": [{"from": [here], "ports": devnet}]}
        return [_policy(meta("restored", self.namespace), own), _policy(meta(self._way_in, NAMESPACE), its)]


def _policy(named: Object, spec: Object) -> Object:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": named, "spec": spec}
