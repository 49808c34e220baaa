"""The driver's own life: registration, health, signals, restarts, several nodes, and a pool that grows."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import csitest
import pytest
from csitest import MIB, TOPOLOGY, Client, capacity, left_below, mounts_below, wait_for


def test_a_kubelet_finds_it_and_readiness_follows_its_answer(new_node) -> None:
    node = new_node()
    node.start()
    kubelet = Client(node.registration_socket)

    info = kubelet.get_info()
    before = node.get("/readyz")
    kubelet.notify_registration_status(plugin_registered=True)

    assert (info.type, info.name, list(info.supported_versions)) == ("CSIPlugin", csitest.DRIVER, ["1.0.0"])
    assert Client(Path(info.endpoint)).probe().ready.value
    assert before == (503, "the kubelet has not registered the driver yet\n")
    assert node.get("/readyz") == node.get("/healthz") == (200, "ok\n")
    assert node.get("/else")[0] == 404
    assert node.metric("registered") == 1

    assert node.stop() == 0
    assert not node.registration_socket.exists()
    assert not node.csi_socket.exists()


def test_a_refusal_by_the_kubelet_ends_it(new_node) -> None:
    node = new_node()
    node.start()

    Client(node.registration_socket).notify_registration_status(plugin_registered=False, error="no such type")

    assert node.process.wait(10) == 1
    assert 'registration-refused error="no such type"' in node.log.read_text()


def test_only_root_can_open_its_sockets(new_node) -> None:
    node = new_node()
    node.start()

    assert [oct(s.stat().st_mode & 0o077) for s in (node.csi_socket, node.registration_socket)] == ["0o0", "0o0"]


def test_operations_are_counted_and_logged(new_node) -> None:
    node = new_node()
    node.start()
    volume_id = node.create("counted", 16, parameters={
        "csi.storage.k8s.io/pvc/name": "data", "csi.storage.k8s.io/pvc/namespace": "ethereum",
    })  # fmt: skip
    node.csi.refusal("create_volume")

    assert node.metric('operations_total{method="CreateVolume",code="OK"}') == 1
    assert node.metric('operations_total{method="CreateVolume",code="INVALID_ARGUMENT"}') == 1
    assert 0 < node.metric('operation_seconds_total{method="CreateVolume",code="OK"}') < 5
    assert (node.metric("volumes"), node.metric("committed_bytes")) == (1, 16 * MIB)
    assert 0 < node.metric("used_bytes") < node.metric("capacity_bytes")
    log = node.log.read_text()
    assert f"csi volume-created id={volume_id} claim=ethereum/data fs=ext4 bytes={16 * MIB} source=-" in log
    assert "csi rpc method=CreateVolume code=INVALID_ARGUMENT" in log


def test_a_second_driver_on_the_same_data_is_refused(new_node) -> None:
    node = new_node()
    node.start()

    code, words = start_in_vain(data_dir=node.data, kubelet_dir=node.folder / "other")

    assert code == 3
    assert words == f"another driver runs on {node.data}: stop it, or give this one another --data-dir"


def test_a_port_in_use_is_refused_in_words(new_node) -> None:
    node = new_node()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, words = start_in_vain(data_dir=node.data, kubelet_dir=node.kubelet, http_address=address)

    assert code == 3
    assert f"{address} cannot be listened on" in words


def test_a_pod_writes_on_while_the_driver_is_killed_and_started_between_all_steps(new_node) -> None:
    node = new_node()
    node.start()
    volume_id = node.create("survivor")
    node.restart()
    node.stage(volume_id)
    node.restart()
    path = node.publish(volume_id)
    with (path / "file").open("w") as file:
        node.kill()
        file.write("written while no driver ran")
        file.flush()
        os.fsync(file.fileno())
        node.start()
    snapshot_id = node.snapshot("survived", volume_id)
    node.restart()
    assert node.create("survivor") == volume_id
    assert node.publish(volume_id) == path
    assert (path / "file").read_text() == "written while no driver ran"
    node.release(volume_id)
    node.restart()
    node.csi.delete_volume(volume_id=volume_id)
    node.csi.delete_snapshot(snapshot_id=snapshot_id)

    assert node.stop() == 0
    assert left_below(node.folder) == ([], [])


def test_a_new_container_finds_the_pool_that_the_mounted_volumes_of_the_old_one_hold(new_node) -> None:
    node = new_node()
    node.isolate()
    node.start()
    volume_id = node.create("held")
    path = node.use(volume_id)
    node.kill()  # its namespace, and with it the pool's mount, is gone; the volume's mount is the node's
    assert {str(path), str(node.data / "pool")} & set(mounts_below(node.folder)) == {str(path)}
    index = os.minor(path.stat().st_dev)
    assert volume_id in backing_file(index)
    (path / "file").write_text("written while no driver ran")

    node.start()
    snapshot_id = node.snapshot("of held", volume_id)
    copy = node.create("from held", 16, volume_content_source=csitest.from_snapshot(snapshot_id))

    assert (node.use(copy) / "file").read_text() == "written while no driver ran"
    for key in (volume_id, copy):
        node.release(key)
        node.csi.delete_volume(volume_id=key)
    assert node.stop() == 0
    wait_for(lambda: volume_id not in backing_file(index))  # the kernel ends a namespace in its own time


def test_writers_held_by_a_driver_that_dies_go_on_when_it_starts(new_node) -> None:
    node = new_node()
    node.start()
    volume_id = node.create("frozen")
    file = node.use(volume_id) / "file"
    node.kill()
    node.start(die_at="clone:1")
    with pytest.raises(csitest.grpc.RpcError):
        node.snapshot("never", volume_id)
    node.process.wait(10)

    written = threading.Event()
    threading.Thread(target=lambda: (file.write_text("at last"), written.set()), daemon=True).start()
    assert not written.wait(0.3)
    node.start()

    assert written.wait(10)
    assert f"csi thawed id={volume_id}" in node.log.read_text()
    assert "csi swept id=s-" in node.log.read_text()
    assert list(node.csi.list_snapshots().entries) == []
    node.release(volume_id)
    node.csi.delete_volume(volume_id=volume_id)
    assert node.stop() == 0
    assert left_below(node.folder) == ([], [])


def test_a_call_under_way_is_finished_before_the_end(new_node) -> None:
    node = new_node()
    node.start()
    made = []
    caller = threading.Thread(target=lambda: made.append(node.create("last")))
    caller.start()
    wait_for(lambda: any((node.data / "pool/volumes").iterdir()))

    code = node.stop()
    caller.join(10)

    assert code == 0
    assert made, "the call was cut off"


def test_two_nodes_on_one_machine_keep_apart(new_node) -> None:
    nodes = [new_node(name="node-1"), new_node(name="node-2")]
    for node in nodes:
        node.start()
    ids = [node.create(f"on {node.name}") for node in nodes]
    paths = [node.use(volume_id) for node, volume_id in zip(nodes, ids, strict=True)]
    for node, path in zip(nodes, paths, strict=True):
        (path / "file").write_text(node.name)

    assert [(path / "file").read_text() for path in paths] == ["node-1", "node-2"]
    assert nodes[1].csi.refusal("node_stage_volume", **_staging(nodes[1], ids[0]))[0] == "NOT_FOUND"
    assert [dict(n.csi.node_get_info().accessible_topology.segments) for n in nodes] == [
        {TOPOLOGY: "node-1"}, {TOPOLOGY: "node-2"},
    ]  # fmt: skip
    for node, volume_id in zip(nodes, ids, strict=True):
        node.release(volume_id)
        node.csi.delete_volume(volume_id=volume_id)
        assert node.stop() == 0
        assert left_below(node.folder) == ([], [])


def test_the_pool_grows_with_its_setting_and_never_shrinks(new_node) -> None:
    node = new_node(pool_gib=1)
    node.start()
    (node.use(node.create("stays")) / "file").write_text("stays")
    small = node.csi.get_capacity().available_capacity
    sizes = []
    for node.pool_gib in (2, 1):
        node.restart()
        sizes.append(node.csi.get_capacity().available_capacity)

    assert small < 1024 * MIB < sizes[0] == sizes[1]
    assert "csi pool-not-shrunk size_gib=2 asked_gib=1" in node.log.read_text()


def test_the_disk_under_the_pool_limits_what_is_promised(new_node) -> None:
    node = new_node()
    free_gib = shutil.disk_usage(node.folder).free >> 30
    node.pool_gib = free_gib * 2 + 8
    node.start()

    code, sentence = node.csi.refusal(
        "create_volume", name="more than the disk", capacity_range=capacity((free_gib + 4) << 10),
        volume_capabilities=[csitest.capability()],
    )  # fmt: skip

    assert code == "RESOURCE_EXHAUSTED"
    assert "the node's disk leaves the pool" in sentence


def start_in_vain(**arguments: object) -> tuple[int, str]:
    """The exit code and the last line of a driver that must not start."""
    given = {"node_name": "node-1", "pool_gib": 1, "http_address": "127.0.0.1:0"} | arguments
    options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    done = subprocess.run(
        [sys.executable, "-m", "plumbline_csi", *options], capture_output=True, text=True, check=False, timeout=30,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    return done.returncode, done.stderr.removeprefix("plumbline_csi: ").strip()


def backing_file(index: int) -> str:
    """What a loop device is attached to; empty when to nothing."""
    try:
        return Path(f"/sys/block/loop{index}/loop/backing_file").read_text()
    except OSError:
        return ""


def _staging(node: csitest.Node, volume_id: str) -> dict:
    return {
        "volume_id": volume_id, "staging_target_path": str(node.kubelet / "x"), "volume_capability": csitest.capability(),
    }  # fmt: skip
