"""What a node is given in a namespace of its own, and that nothing of others is taken for it."""

from __future__ import annotations

from typing import Any

import pytest
from recoverytest import snapshot

from plumbline.components.recovery.elsewhere import Elsewhere, NamespaceTaken
from plumbline.components.volumes.snapshots import Snapshots
from plumbline.core import wait
from plumbline.kube.api import Kube, Object

CONTENT = {
    "metadata": {"name": "content", "labels": {"snapshot.storage.kubernetes.io/managed-by": "node-1"}},
    "spec": {"driver": "loop.csi.plumbline.dev", "deletionPolicy": "Delete"},
    "status": {"snapshotHandle": "handle-1"},
}
NODE = {"status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.2"}]}}


class Cluster(Kube):
    """An API server that has a devnet with a snapshot, and notes what it is asked for."""

    def __init__(self, labels: dict[str, str] | None = None) -> None:
        self.labels = labels
        self.applied: list[Object] = []
        self.deleted: list[str] = []

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        return CONTENT if kind == "VolumeSnapshotContent" else {"data": {"genesis.json": "{}"}}

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        return None if self.labels is None else {"metadata": {"name": name, "labels": self.labels}}

    def objects(self, kind: str, namespace: str | None = "", *, selector: str = "") -> list[Object]:
        lent = {
            "metadata": {"name": "nightly", "namespace": namespace, "creationTimestamp": "2026-11-27T12:00:00Z"},
            "spec": {"source": {"volumeSnapshotContentName": "trial-nightly"}},
        }
        return [NODE] if kind == "Node" else [lent]

    def apply(self, objects: Any) -> None:
        self.applied += objects

    def patch(self, kind: str, name: str, namespace: str, change: Object) -> Object:
        return change

    def delete(self, kind: str, name: str, namespace: str = "", *, grace_s: int | None = None) -> None:
        self.deleted.append(f"{kind} {name}")

    def watch(self, *_: Any, **__: Any) -> Any:
        return wait.holds(lambda: True, every_s=0.1)

    def gone(self, *_: Any) -> Any:
        return wait.holds(lambda: True, every_s=0.1)


def elsewhere(kube: Cluster) -> Elsewhere:
    return Elsewhere(kube, "trial", Snapshots(kube, "ethereum"))


def test_the_copy_is_lent_and_outlives_what_it_is_lent_to() -> None:
    kube = Cluster()

    elsewhere(kube).lend(snapshot())

    (content,) = [one for one in kube.applied if one["kind"] == "VolumeSnapshotContent"]
    assert content["spec"] == {
        "deletionPolicy": "Retain",
        "driver": "loop.csi.plumbline.dev",
        "source": {"snapshotHandle": "handle-1"},
        "volumeSnapshotRef": {"name": "nightly", "namespace": "trial"},
    }
    assert content["metadata"]["labels"] == CONTENT["metadata"]["labels"], "the driver of the copy's node cares for it"
    (lent,) = [one for one in kube.applied if one["kind"] == "VolumeSnapshot"]
    assert lent["spec"]["source"] == {"volumeSnapshotContentName": content["metadata"]["name"]}
    assert lent["metadata"]["annotations"] == snapshot().annotations


def test_its_flows_are_opened_and_no_others() -> None:
    kube = Cluster()

    elsewhere(kube).lend(snapshot())

    own, way_in = (one for one in kube.applied if one["kind"] == "NetworkPolicy")
    assert own["spec"]["ingress"] == [{"from": [{"ipBlock": {"cidr": "172.18.0.2/32"}}], "ports": [{"port": 8545}]}]
    assert way_in["metadata"]["namespace"] == "ethereum"
    assert "egress" not in way_in["spec"]


def test_a_namespace_of_others_is_neither_used_nor_removed() -> None:
    kube = Cluster(labels={"team": "others"})

    with pytest.raises(NamespaceTaken, match="namespace trial is there already: name one that is not") as caught:
        elsewhere(kube).demand_absent()
    elsewhere(kube).clear()

    assert caught.value.exit_code == 2
    assert kube.deleted == []


def test_all_of_it_is_removed() -> None:
    kube = Cluster(labels={"plumbline.dev/restored-into": "true"})

    elsewhere(kube).clear()

    assert kube.deleted == [
        "NetworkPolicy restored-into-trial",
        "Namespace trial",
        "VolumeSnapshotContent trial-nightly",
    ]
