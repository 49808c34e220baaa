"""The program that takes the scheduled snapshots: against an API server and a node that are scripted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlparse

import chartrender
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.components.volumes import chain_marks

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
NAME, GRACEFUL, LIVE = "geth-follower-snapshot-29401234", "graceful", "crash-consistent"
SETTINGS = {
    "release": "geth-follower", "namespace": "ethereum", "lease": "geth-follower-snapshot", "replicas": 1,
    "pod": "geth-follower-0", "claim": "data-geth-follower-0", "className": "", "keep": 2, "maxAgeHours": 24,
    "stoppedSeconds": 5, "deadlineSeconds": 60,
}  # fmt: skip
SNAPSHOTS, LEASES, SETS = "volumesnapshots", "leases", "statefulsets"
CHAIN = {0: "0xaa36a7", 1: {"hash": "0x" + "11" * 32}, 2: {"number": "0x14c", "hash": "0x" + "22" * 32}, 3: "Geth/v1"}


PROGRAM = chartrender.program("geth-node", "snapshot")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROGRAM, "time", SimpleNamespace(time=NOW.timestamp, monotonic=time.monotonic))


def snapshot(name: str, age_s: float = 0, *, ready: bool = True) -> dict[str, Any]:
    at = (NOW - timedelta(seconds=age_s)).isoformat().replace("+00:00", "Z")
    meta = {"name": name, "creationTimestamp": at, "annotations": {}}
    return {"metadata": meta, "status": {"readyToUse": ready, "creationTime": at}}


class Cluster:
    """An API server that holds snapshots, a Lease and a StatefulSet, and remembers what was done to them."""

    def __init__(self, *snapshots: dict[str, Any], lease: dict[str, Any] | None = None) -> None:
        self.snapshots = {each["metadata"]["name"]: each for each in snapshots}
        self.lease: dict[str, Any] = {"metadata": {"name": "geth-follower-snapshot"}, "spec": lease}
        self.replicas = 1
        self.done: list[str] = []
        self.refuses = ""
        self.never_ready = False
        self.conflicts = 0

    def answer(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        kind, _, name = path.partition("/namespaces/ethereum/")[2].partition("/")
        deed = f"{method} {name or kind}"
        if self.refuses and deed.startswith(self.refuses):
            return 403, {"message": "forbidden"}
        if method != "GET":
            self.done.append(deed if body is None or kind != SETS else f"scale to {body['spec']['replicas']}")
        return getattr(self, f"_{kind}")(method, name, query, body)  # type: ignore[no-any-return]

    def _leases(self, method: str, _: str, __: str, body: Any) -> tuple[int, Any]:
        if method == "PUT" and self.conflicts:
            self.conflicts -= 1
            return 409, {"message": "the object has been modified"}
        if method == "PUT":
            self.lease = body
            return 200, body
        return 200, {"object": self.lease}

    def _statefulsets(self, method: str, _: str, __: str, body: Any) -> tuple[int, Any]:
        if method == "PATCH":
            self.replicas = body["spec"]["replicas"]
        status = {"replicas": self.replicas, "readyReplicas": self.replicas} if self.replicas else {}
        return 200, {"object": {"metadata": {"name": "geth-follower"}, "status": status}}

    def _volumesnapshots(self, method: str, name: str, query: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            made = snapshot(body["metadata"]["name"], ready=not self.never_ready)
            body["metadata"]["creationTimestamp"] = made["metadata"]["creationTimestamp"]
            self.snapshots[made["metadata"]["name"]] = {**body, "status": {} if self.never_ready else made["status"]}
            return 201, body
        if method == "DELETE":
            return 200, self.snapshots.pop(name)
        if name:
            return (200, self.snapshots[name]) if name in self.snapshots else (404, {"message": "not found"})
        if "watch" in query:
            wanted = parse_qs(query)["fieldSelector"][0].removeprefix("metadata.name=")
            return 200, {"object": self.snapshots[wanted]}
        assert parse_qs(query)["labelSelector"] == ["plumbline.dev/schedule=geth-follower"]
        return 200, {"items": list(self.snapshots.values())}


@contextmanager
def serving(answer: Callable[[str, str, str, Any], tuple[int, Any]]) -> Iterator[int]:
    class Server(BaseHTTPRequestHandler):
        def _any(self) -> None:
            url = urlparse(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, said = answer(self.command, url.path, url.query, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() + b"\n")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def node(syncing: Any = False, **instead: Any) -> Callable[[str, str, str, Any], tuple[int, Any]]:
    """What a node says to the batch, the last call first; or something else instead."""

    def answer(_: str, __: str, ___: str, calls: Any) -> tuple[int, Any]:
        said = {**CHAIN, 4: syncing}
        return 200, instead.get("all") or [{"id": call["id"], "result": said[call["id"]]} for call in reversed(calls)]

    return answer


def run(cluster: Cluster, *, mode: str = GRACEFUL, node_says: Any = None, **settings: Any) -> None:
    with serving(cluster.answer) as api_port, serving(node_says or node()) as port:
        api = PROGRAM.Api("127.0.0.1", api_port, "token", None, "ethereum")
        PROGRAM.run(api, {**SETTINGS, "host": "127.0.0.1", "port": port, "mode": mode, **settings}, NAME)


def test_it_marks_snapshots_as_the_harness_does() -> None:
    for key in ("SCHEDULE", "MODE", "CHAIN_ID", "GENESIS", "CLIENT", "HEAD_BLOCK", "HEAD_HASH"):
        assert getattr(PROGRAM, key) == getattr(chain_marks, key)


def test_a_graceful_one_stops_the_node_until_its_volume_is_cut() -> None:
    cluster = Cluster()

    run(cluster)

    assert cluster.done == [
        "PUT geth-follower-snapshot", "scale to 1", "scale to 0", "POST volumesnapshots", "scale to 1",
        "PUT geth-follower-snapshot",
    ]  # fmt: skip
    assert cluster.lease["spec"] == {}
    meta = cluster.snapshots[NAME]["metadata"]
    assert meta["labels"] == {
        "app.kubernetes.io/part-of": "plumbline",
        chain_marks.CHAIN_ID: "11155111",
        chain_marks.MODE: GRACEFUL,
        chain_marks.SCHEDULE: "geth-follower",
    }
    assert meta["annotations"] == {
        chain_marks.GENESIS: "0x" + "11" * 32,
        chain_marks.HEAD_BLOCK: "332",
        chain_marks.HEAD_HASH: "0x" + "22" * 32,
        chain_marks.CLIENT: "Geth/v1",
    }


def test_a_crash_consistent_one_lets_the_node_alone() -> None:
    cluster = Cluster()

    run(cluster, mode=LIVE)

    assert cluster.done == ["PUT geth-follower-snapshot", "POST volumesnapshots", "PUT geth-follower-snapshot"]
    assert "volumeSnapshotClassName" not in cluster.snapshots[NAME]["spec"], "the default of the volume's driver"


def test_a_class_is_named_where_one_is_given() -> None:
    cluster = Cluster()

    run(cluster, mode=LIVE, className="chain-snapshots")

    assert cluster.snapshots[NAME]["spec"]["volumeSnapshotClassName"] == "chain-snapshots"


def test_a_second_try_starts_the_node_and_takes_nothing_twice() -> None:
    cluster = Cluster(snapshot(NAME), lease={"holderIdentity": NAME, **until(NOW, 60)})
    cluster.replicas = 0

    run(cluster)

    assert cluster.done == ["PUT geth-follower-snapshot", "scale to 1", "PUT geth-follower-snapshot"]


def test_a_node_is_started_again_whatever_happens() -> None:
    cluster = Cluster()
    cluster.refuses = "POST"

    with pytest.raises(PROGRAM.Failed, match=r"POST .*/volumesnapshots: 403: forbidden"):
        run(cluster)

    assert cluster.done[-2:] == ["scale to 1", "PUT geth-follower-snapshot"]
    assert cluster.lease["spec"] == {}


def test_a_snapshot_that_is_not_cut_in_time_has_failed_and_the_node_runs() -> None:
    cluster = Cluster()
    cluster.never_ready = True

    with pytest.raises(PROGRAM.Failed, match=f"{NAME} taken not within 0 s: {{}}"):
        run(cluster, stoppedSeconds=0.3)

    assert cluster.replicas == 1


def until(renewed: datetime, seconds: int) -> dict[str, Any]:
    return {"renewTime": renewed.isoformat().replace("+00:00", "Z"), "leaseDurationSeconds": seconds}


def test_no_two_work_at_once() -> None:
    cluster = Cluster(lease={"holderIdentity": "another", **until(NOW, 60)})

    with pytest.raises(PROGRAM.Failed, match="its turn has come not within 0 s"):
        run(cluster, deadlineSeconds=0.3)

    assert cluster.done == []


def test_who_is_faster_goes_first() -> None:
    cluster = Cluster()
    cluster.conflicts = 1

    run(cluster, mode=LIVE)

    put = "PUT geth-follower-snapshot"
    assert cluster.done == [put, put, "POST volumesnapshots", put]


def test_one_that_died_for_good_blocks_nobody() -> None:
    cluster = Cluster(lease={"holderIdentity": "another", **until(NOW - timedelta(seconds=61), 60)})

    run(cluster, mode=LIVE)

    assert NAME in cluster.snapshots


@pytest.mark.parametrize(
    ("says", "why"),
    [
        pytest.param(node(syncing={"currentBlock": "0x1"}), "is synchronising", id="half a chain"),
        pytest.param(node(all={"error": {"code": -32600}}), "does not say what chain it has", id="no batch"),
        pytest.param(node(all=[{"id": 0, "error": {}}]), "does not say what chain it has", id="half an answer"),
    ],
)
def test_a_node_that_has_no_chain_to_copy_is_not_even_stopped(says: Any, why: str) -> None:
    cluster = Cluster()

    with pytest.raises(PROGRAM.Failed, match=why):
        run(cluster, node_says=says)

    assert "scale to 0" not in cluster.done
    assert not cluster.snapshots


def test_a_node_that_does_not_answer_is_asked_again_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROGRAM, "NODE_WITHIN_S", 0)
    monkeypatch.setattr(PROGRAM, "NEVER", SimpleNamespace(wait=lambda _: None))

    with pytest.raises(PROGRAM.Failed, match=r"127\.0\.0\.1 does not answer: ConnectionRefusedError"):
        run(Cluster(), port=1)


def test_what_retention_does_not_keep_is_removed() -> None:
    cluster = Cluster(*(snapshot(f"old-{hours}", hours * 3600) for hours in (1, 2, 3)))

    run(cluster, mode=LIVE)

    assert set(cluster.snapshots) == {NAME, "old-1"}


KEPT = [
    pytest.param([("a", 1, True), ("b", 2, True), ("c", 3, True)], ["c"], id="by count"),
    pytest.param([("a", 1, True), ("b", 99, True)], ["b"], id="by age"),
    pytest.param([("a", 99, True)], [], id="the last good one, however old"),
    pytest.param([("a", 99, True), ("b", 1, False)], [], id="the last good one, while another is under way"),
    pytest.param([("a", 99, True), ("b", 11, False)], ["b"], id="what never became ready"),
    pytest.param([], [], id="nothing there"),
]


@pytest.mark.parametrize(("there", "removed"), KEPT)
def test_retention(there: list[tuple[str, float, bool]], removed: list[str]) -> None:
    found = [snapshot(name, age_s, ready=ready) for name, age_s, ready in there]

    assert PROGRAM.superfluous(found, 2, 50, 10, NOW.timestamp()) == removed


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.booleans()), max_size=12),
    st.integers(1, 5),
    st.floats(1, 500),
)
def test_the_newest_good_one_always_stays(there: list[tuple[float, bool]], keep: int, max_age_s: float) -> None:
    found = [snapshot(f"s{number}", age_s, ready=ready) for number, (age_s, ready) in enumerate(there)]

    gone = set(PROGRAM.superfluous(found, keep, max_age_s, 10, NOW.timestamp()))

    good = sorted((age_s, f"s{number}") for number, (age_s, ready) in enumerate(there) if ready)
    left = [name for _, name in good if name not in gone]
    assert bool(left) == bool(good)
    assert len(left) <= keep
    assert all(age_s <= max_age_s + 1e-3 for age_s, name in good if name in left[1:])
    assert not good or any(age_s <= good[0][0] + 1e-3 for age_s, name in good if name in left)
