"""The parts that need no file system: records, locks, log lines, metrics, the stubs' generator."""

import subprocess
import sys
import threading
from pathlib import Path

import csitest
import pytest
from plumbline_csi import locks, logs
from plumbline_csi.errors import Aborted
from plumbline_csi.filesystem import FsType
from plumbline_csi.metrics import Metrics, render
from plumbline_csi.pool import Room
from plumbline_csi.state import Publication, Staging, Store, Volume, snapshot_id, volume_id

GENERATOR = csitest.ROOT / "local/csi/generate_stubs.py"
VOLUME = Volume(
    id=volume_id("data"), name="data", size_bytes=1 << 30, fs=FsType.XFS, created_ns=7, claim="ethereum/data-geth-0",
    staging=Staging("/stage", ("sync",)), publications=(Publication("/pod", True, "SINGLE_NODE_WRITER"),),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store[Volume]:
    return Store(tmp_path / "volumes", Volume)


def test_a_record_is_read_back_as_it_was(store: Store[Volume]) -> None:
    store.begin(VOLUME.id).touch()
    store.put(VOLUME)

    assert store.get(VOLUME.id) == VOLUME
    assert list(store.all()) == [VOLUME]


def test_an_object_without_a_record_does_not_exist_and_is_swept(store: Store[Volume]) -> None:
    store.begin(VOLUME.id).touch()

    assert store.get(VOLUME.id) is None
    assert store.sweep() == [VOLUME.id]
    assert not store.image(VOLUME.id).exists()


def test_removing_twice_is_removing_once(store: Store[Volume]) -> None:
    store.begin(VOLUME.id).touch()
    store.put(VOLUME)

    store.remove(VOLUME.id)
    store.remove(VOLUME.id)

    assert list(store.all()) == []


@pytest.mark.parametrize(
    "key", ["", ".", "..", "../secret", "/etc", "v-", "v-" + "0" * 23, "v-" + "0" * 24 + "/..", "x" * 300]
)
def test_an_id_that_is_not_ours_names_nothing_and_no_path(store: Store[Volume], tmp_path: Path, key: str) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "record.json").write_text("{}")

    assert store.get(key) is None
    store.remove(key)

    assert (secret / "record.json").exists()


def test_the_same_name_gives_the_same_id_and_hostile_names_give_plain_ones() -> None:
    assert volume_id("data") == volume_id("data") != volume_id("data2")
    assert snapshot_id("../../etc").startswith("s-")
    assert len(volume_id("x" * 10_000)) == 26


def test_a_publication_replaces_the_one_at_its_path() -> None:
    again = VOLUME.published(Publication("/pod", False, "SINGLE_NODE_WRITER"))

    assert [p.read_only for p in again.publications] == [False]
    assert again.unpublished("/pod").publications == ()


def test_one_operation_at_a_time_on_an_id_and_no_deadlock_on_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE_S", 0.05)
    keyed, inside, leave = locks.KeyedLocks(), threading.Event(), threading.Event()

    def hold() -> None:
        with keyed.hold("a", "b", ""):
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    with keyed.hold("c", ""):  # an id of nobody else's, and "no source", are free
        pass
    with pytest.raises(Aborted, match="another operation on b is still under way"), keyed.hold("c", "b"):
        pass
    leave.set()
    holder.join()
    with keyed.hold("a", "b", "c"):
        pass


def test_a_log_line_is_one_line_of_utc_component_event_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.event("rpc", name="data", seconds=0.01234, error='it said "no"\ntwice', empty="")

    line = capsys.readouterr().out
    assert line.count("\n") == 1
    time, rest = line.split(" ", 1)
    assert time.endswith("Z")
    assert rest == 'csi rpc name=data seconds=0.012 error="it said \\"no\\"\\ntwice" empty=""\n'


def test_metrics_are_text_that_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.operation("CreateVolume", "OK", 0.5)
    metrics.operation("CreateVolume", "OK", 0.25)
    metrics.freeze(0.03)
    metrics.freeze(0.01)

    text = render(metrics.samples())

    assert (
        '# TYPE plumbline_csi_operations_total counter\nplumbline_csi_operations_total{method="CreateVolume",code="OK"} 2\n'
        in text
    )
    assert 'plumbline_csi_operation_seconds_total{method="CreateVolume",code="OK"} 0.75\n' in text
    assert "plumbline_csi_freeze_seconds_max 0.03\n" in text
    assert text.count("# TYPE plumbline_csi_freezes_total counter") == 1


def test_a_refusal_names_the_limit_that_was_met() -> None:
    mib = 1 << 20

    pool = Room(pool_bytes=100 * mib, disk_bytes=900 * mib, committed_bytes=80 * mib)
    disk = Room(pool_bytes=900 * mib, disk_bytes=100 * mib, committed_bytes=80 * mib)

    assert pool.refusal(30 * mib) == (
        "30 MiB asked, 20 MiB left: 80 MiB are promised to volumes and snapshots and the pool holds 100 MiB: "
        "raise POOL_GIB or delete volumes or snapshots"
    )
    assert "the node's disk leaves the pool 100 MiB: free space on the disk" in disk.refusal(30 * mib)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["one"], 2, "either three paths"),
        (["/nowhere/csi.proto", "/nowhere/api.proto", "OUT"], 1, "No such file"),
        (["BROKEN", "BROKEN", "OUT"], 1, "protoc failed"),
    ],
)
def test_the_generator_refuses_in_words(tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    (tmp_path / "broken.proto").write_text("this is no protocol buffer")
    places = {"BROKEN": str(tmp_path / "broken.proto"), "OUT": str(tmp_path / "out")}

    done = subprocess.run(
        [sys.executable, GENERATOR, *(places.get(a, a) for a in arguments)], capture_output=True, text=True, check=False
    )

    assert done.returncode == code
    assert says in done.stderr
    assert not (tmp_path / "out/plumbline_csi_proto").exists()
