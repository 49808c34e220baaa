"""What the API server knows of snapshots, told in words, and what a snapshot says of the chain in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plumbline.components.volumes import offline
from plumbline.components.volumes.chain_marks import CHAIN_ID, GENESIS, HEAD_BLOCK, ChainMarks, MarksMissing
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.kube.api import Kube, Object

ASKED, TAKEN = "2026-11-27T12:00:00Z", "2026-11-27T12:00:01Z"
READY = {"boundVolumeSnapshotContentName": "content-1", "readyToUse": True, "creationTime": TAKEN, "restoreSize": "2Gi"}
MARKS = ChainMarks(11155111, "0x" + "11" * 32, 332, "0x" + "22" * 32, "Geth/v1.17.10-stable/linux-amd64/go1.26.8")


def found(name: str = "one", status: dict[str, Any] | None = None, asked: str = ASKED) -> Object:
    return {
        "metadata": {"name": name, "namespace": "ethereum", "creationTimestamp": asked},
        "spec": {"source": {"persistentVolumeClaimName": "data-geth-0"}},
        **({"status": status} if status is not None else {}),
    }


def test_a_ready_snapshot_tells_what_can_be_restored_from_it() -> None:
    snapshot = Snapshot.of(found(status=READY))

    assert (snapshot.ready, snapshot.content, snapshot.claim) == (True, "content-1", "data-geth-0")
    assert snapshot.taken == datetime(2026, 11, 27, 12, 0, 1, tzinfo=UTC)
    assert snapshot.claim_of("copy")["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "2Gi"}},
        "dataSource": {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "one"},
    }
    assert snapshot.claim_of("copy", "4Gi")["spec"]["resources"]["requests"]["storage"] == "4Gi"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param(None, "nobody has taken it on", id="no status at all"),
        pytest.param({"boundVolumeSnapshotContentName": "content-1"}, "not ready yet", id="under way"),
        pytest.param({"error": {"message": "the pool is full"}}, "the pool is full", id="refused"),
        pytest.param({**READY, "error": {"message": "at first"}}, "ready", id="ready in the end"),
    ],
)
def test_a_snapshot_says_how_it_is(status: dict[str, Any] | None, state: str) -> None:
    assert str(Snapshot.of(found(status=status))) == f"snapshot ethereum/one of data-geth-0: {state}"


class Held(Kube):
    """An API server that holds some objects, by kind."""

    def __init__(self, **objects: list[Object]) -> None:
        self._objects = objects

    def objects(self, kind: str, namespace: str | None = "", *, selector: str = "") -> list[Object]:
        return self._objects[kind]


def test_the_newest_snapshot_comes_first_whether_it_was_taken_or_only_asked_for() -> None:
    held = [
        found("old", READY),
        found("asked", None, asked="2026-11-27T12:00:02Z"),
        found("new", {**READY, "creationTime": "2026-11-27T12:00:03Z"}),
    ]

    assert [each.name for each in Snapshots(Held(VolumeSnapshot=held), "ethereum").all()] == ["new", "asked", "old"]


def test_a_content_without_its_snapshot_is_an_orphan() -> None:
    contents = [
        {"metadata": {"name": name}, "spec": {"volumeSnapshotRef": {"namespace": namespace, "name": ref}}}
        for name, namespace, ref in [("c1", "ethereum", "one"), ("c2", "ethereum", "lost"), ("c3", "other", "lost")]
    ]
    snapshots = Snapshots(Held(VolumeSnapshot=[found()], VolumeSnapshotContent=contents), "ethereum")

    assert snapshots.orphans() == {"c2": "lost"}


def marked(**changed: str | None) -> Snapshot:
    said = {**MARKS.annotations, **MARKS.labels, **changed}
    return replace(Snapshot.of(found()), annotations={key: value for key, value in said.items() if value is not None})


def test_the_marks_of_a_chain_are_read_as_they_were_written() -> None:
    snapshot = replace(Snapshot.of(found()), labels=MARKS.labels, annotations=MARKS.annotations)

    assert ChainMarks.on(snapshot) == MARKS
    assert all(len(value) <= 63 for value in MARKS.labels.values()), "no label is longer"


@pytest.mark.parametrize(("key", "value"), [(GENESIS, None), (HEAD_BLOCK, "latest"), (CHAIN_ID, ""), (CHAIN_ID, "-1")])
def test_a_snapshot_that_does_not_say_what_is_in_it_is_told_from_one_that_does(key: str, value: str | None) -> None:
    with pytest.raises(MarksMissing, match=f"ethereum/one does not say {key}: .* take one that was"):
        ChainMarks.on(marked(**{key: value}))


def test_the_head_of_a_copy_is_read_from_what_the_client_prints() -> None:
    said = f"""INFO Opened ancient database
|     headBlock.Hash      | 0x{"ab" * 32} |
|    headBlock.Number     |                             332 (0x14c)                            |
|    headHeader.Number    |                             340 (0x154)                            |"""

    assert offline.recorded(said) == offline.Head(332, "0x" + "ab" * 32)
    assert offline.recorded("Fatal: database is corrupt") is None
