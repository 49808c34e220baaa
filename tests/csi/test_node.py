"""The Node service over its socket: mounting, real size, growth, and what is refused."""

import errno
import os
from pathlib import Path

import pytest
from csitest import MIB, TOPOLOGY, Node, capability, capacity, loops_below, mounts_below, pb
from plumbline_csi import filesystem

CHUNK = os.urandom(MIB)


@pytest.fixture
def volume_id(node: Node, request: pytest.FixtureRequest) -> str:
    """A volume of 16 MiB, released and deleted at the end."""
    volume_id = node.create(request.node.name)
    yield volume_id
    for pod in ("pod", "other"):
        node.unpublish(volume_id, pod)
    node.unstage(volume_id)
    node.csi.delete_volume(volume_id=volume_id)


def test_what_the_node_says_of_itself(node: Node) -> None:
    names = pb.NodeServiceCapability.RPC.Type
    declared = {names.Name(c.rpc.type) for c in node.csi.node_get_capabilities().capabilities}
    info = node.csi.node_get_info()

    assert declared == {"STAGE_UNSTAGE_VOLUME", "GET_VOLUME_STATS", "EXPAND_VOLUME", "SINGLE_NODE_MULTI_WRITER"}
    assert (info.node_id, dict(info.accessible_topology.segments)) == ("node-1", {TOPOLOGY: "node-1"})


def test_each_step_can_be_repeated_and_its_reverse_leaves_nothing(node: Node, volume_id: str) -> None:
    mounted, attached = mounts_below(node.folder), loops_below(node.folder)
    for _ in range(2):
        node.stage(volume_id)
    for _ in range(2):
        path = node.publish(volume_id)
    (path / "file").write_text("kept")
    for _ in range(2):
        node.unpublish(volume_id)
    assert not path.exists()
    for _ in range(2):
        node.unstage(volume_id)

    assert (mounts_below(node.folder), loops_below(node.folder)) == (mounted, attached)
    assert (node.use(volume_id) / "file").read_text() == "kept"


def test_the_volume_is_full_at_its_real_size_and_its_neighbour_is_not(node: Node, volume_id: str) -> None:
    neighbour = node.create("neighbour")
    path, beside = node.use(volume_id), node.use(neighbour)

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        fill(path / "full", 64)

    assert 8 * MIB < (path / "full").stat().st_size < 16 * MIB
    (beside / "file").write_bytes(CHUNK)
    bytes_, inodes = node.csi.node_get_volume_stats(volume_id=volume_id, volume_path=str(path)).usage
    assert (bytes_.unit, inodes.unit) == (pb.VolumeUsage.BYTES, pb.VolumeUsage.INODES)
    assert bytes_.available < MIB
    assert 8 * MIB < bytes_.used <= bytes_.total < 16 * MIB
    assert inodes.used + inodes.available == inodes.total > 0
    node.release(neighbour)
    node.csi.delete_volume(volume_id=neighbour)


def test_a_read_only_publication_cannot_be_written(node: Node, volume_id: str) -> None:
    node.stage(volume_id)
    path = node.publish(volume_id, readonly=True)

    with pytest.raises(OSError, match=os.strerror(errno.EROFS)):
        (path / "file").touch()
    with_other_arguments = publication(node, volume_id, "pod", readonly=False)
    assert node.csi.refusal("node_publish_volume", **with_other_arguments)[0] == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("mode", "second"),
    [
        ("SINGLE_NODE_MULTI_WRITER", "OK"),
        ("SINGLE_NODE_SINGLE_WRITER", "FAILED_PRECONDITION"),
        ("SINGLE_NODE_WRITER", "FAILED_PRECONDITION"),
    ],
)
def test_only_multi_writer_allows_a_second_path(node: Node, volume_id: str, mode: str, second: str) -> None:
    node.stage(volume_id, mode=mode)
    node.publish(volume_id, mode=mode)

    if second == "OK":
        other = node.publish(volume_id, "other", mode=mode)
        (other / "file").write_text("seen by both")
        assert (node.kubelet / "pods/pod" / volume_id / "file").read_text() == "seen by both"
    else:
        refusal = node.csi.refusal("node_publish_volume", **publication(node, volume_id, "other", mode=mode))
        assert refusal[0] == second
        assert f"{mode} allows one path only" in refusal[1]


def test_mount_options_are_used_and_other_ones_later_are_refused(node: Node, volume_id: str) -> None:
    path = node.stage(volume_id, flags=("sync",))
    staging = {"volume_id": volume_id, "staging_target_path": str(path)}

    line = next(line for line in Path("/proc/self/mounts").read_text().splitlines() if str(path) in line)
    assert {"sync", "noatime"} <= set(line.split()[3].split(","))
    other_options = node.csi.refusal("node_stage_volume", **staging, volume_capability=capability())
    other_path = node.csi.refusal(
        "node_stage_volume", **staging | {"staging_target_path": f"{path}2"}, volume_capability=capability()
    )
    assert (other_options[0], other_path[0]) == ("ALREADY_EXISTS", "FAILED_PRECONDITION")
    assert f"already mounted at {path}" in other_path[1]


def test_what_is_mounted_cannot_be_deleted(node: Node, volume_id: str) -> None:
    path = node.use(volume_id)

    code, sentence = node.csi.refusal("delete_volume", volume_id=volume_id)

    assert (code, "still mounted at" in sentence) == ("FAILED_PRECONDITION", True)
    (path / "file").touch()


def test_a_path_of_something_else_is_neither_used_nor_unmounted(node: Node, volume_id: str) -> None:
    pool = str(node.data / "pool")
    other = node.create("other one")
    elsewhere = str(node.use(other))
    node.stage(volume_id)

    wrong = {
        "node_unstage_volume": {"volume_id": volume_id, "staging_target_path": pool},
        "node_unpublish_volume": {"volume_id": volume_id, "target_path": elsewhere},
        "node_publish_volume": publication(node, volume_id) | {"target_path": elsewhere},
    }
    for method, fields in wrong.items():
        assert node.csi.refusal(method, **fields)[0] == "FAILED_PRECONDITION", method
    not_staged = publication(node, volume_id) | {"staging_target_path": str(node.kubelet / "stage" / other)}
    assert "is not staged at" in node.csi.refusal("node_publish_volume", **not_staged)[1]
    stats = node.csi.refusal("node_get_volume_stats", volume_id=volume_id, volume_path=elsewhere)
    assert stats[0] == "NOT_FOUND"
    assert {pool, elsewhere} <= set(mounts_below(node.folder))
    node.release(other)
    node.csi.delete_volume(volume_id=other)


@pytest.mark.parametrize(
    ("method", "fields", "code"),
    [
        ("node_stage_volume", {}, "INVALID_ARGUMENT"),
        ("node_stage_volume", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_stage_volume", {"volume_id": "v", "staging_target_path": "/s"}, "INVALID_ARGUMENT"),
        ("node_stage_volume", {"volume_id": "v", "staging_target_path": "s", "volume_capability": capability()}, "INVALID_ARGUMENT"),
        ("node_stage_volume", {"volume_id": "v", "staging_target_path": "/s", "volume_capability": capability()}, "NOT_FOUND"),
        ("node_unstage_volume", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_publish_volume", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_publish_volume", {"volume_id": "v", "target_path": "/t", "volume_capability": capability()}, "FAILED_PRECONDITION"),
        ("node_unpublish_volume", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_unpublish_volume", {"volume_id": "v", "target_path": "/a/../b"}, "INVALID_ARGUMENT"),
        ("node_get_volume_stats", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_get_volume_stats", {"volume_id": "v", "volume_path": "/"}, "NOT_FOUND"),
        ("node_expand_volume", {"volume_id": "v"}, "INVALID_ARGUMENT"),
        ("node_expand_volume", {"volume_id": "v", "volume_path": "/"}, "NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused(node: Node, method: str, fields: dict, code: str) -> None:
    assert node.csi.refusal(method, **fields)[0] == code


def test_releasing_what_was_never_there_is_no_error(node: Node) -> None:
    node.release("v-" + "0" * 24)


def test_a_damaged_file_system_is_not_mounted_and_the_reason_is_said(node: Node) -> None:
    volume_id = node.create("damaged")
    with (node.data / "pool/volumes" / volume_id / "disk.img").open("r+b") as image:
        image.write(bytes(MIB))
    staging = {"volume_id": volume_id, "staging_target_path": f"{node.kubelet}/damaged"}

    code, sentence = node.csi.refusal("node_stage_volume", **staging, volume_capability=capability())

    assert code == "INTERNAL"
    assert sentence.startswith("e2fsck -p")
    assert loops_below(node.data / "pool") == []
    node.csi.delete_volume(volume_id=volume_id)


def test_an_ext4_that_is_not_mounted_grows_before_its_next_mount(node: Node, volume_id: str) -> None:
    (node.use(volume_id) / "file").write_bytes(CHUNK)
    node.release(volume_id)

    answer = node.csi.controller_expand_volume(volume_id=volume_id, capacity_range=capacity(48))
    path = node.use(volume_id)

    assert (answer.capacity_bytes, answer.node_expansion_required) == (48 * MIB, True)
    assert os.statvfs(path).f_blocks * 4096 > 40 * MIB
    assert (path / "file").read_bytes() == CHUNK
    again = node.csi.controller_expand_volume(volume_id=volume_id, capacity_range=capacity(20))
    assert (again.capacity_bytes, again.node_expansion_required) == (48 * MIB, False)
    assert node.csi.node_expand_volume(volume_id=volume_id, volume_path=str(path)).capacity_bytes == 48 * MIB


def test_a_mounted_ext4_grows_where_the_host_allows_it_and_is_refused_elsewhere(node: Node, volume_id: str) -> None:
    path = node.use(volume_id)
    growth = {"volume_id": volume_id, "capacity_range": capacity(48)}

    if filesystem.has_sys_resource():
        node.csi.controller_expand_volume(**growth)
        node.csi.node_expand_volume(volume_id=volume_id, volume_path=str(path))
        assert os.statvfs(path).f_blocks * 4096 > 40 * MIB
    else:
        code, sentence = node.csi.refusal("controller_expand_volume", **growth)
        assert (code, "stop the pods that use it" in sentence) == ("FAILED_PRECONDITION", True)


def test_a_mounted_xfs_grows_under_its_writer(node: Node) -> None:
    volume_id = node.create("xfs", 300, volume_capabilities=[capability(fs="xfs")])
    path = node.use(volume_id)
    (path / "file").write_bytes(CHUNK)

    node.csi.controller_expand_volume(volume_id=volume_id, capacity_range=capacity(400))
    node.csi.node_expand_volume(volume_id=volume_id, volume_path=str(path))

    assert os.statvfs(path).f_blocks * 4096 > 300 * MIB
    assert (path / "file").read_bytes() == CHUNK
    node.release(volume_id)
    node.csi.delete_volume(volume_id=volume_id)


def test_growth_beyond_the_pool_is_refused_and_changes_nothing(node: Node, volume_id: str) -> None:
    promised = node.metric("committed_bytes")

    refusal = node.csi.refusal("controller_expand_volume", volume_id=volume_id, capacity_range=capacity(1 << 20))

    assert refusal[0] == "RESOURCE_EXHAUSTED"
    assert node.csi.refusal("controller_expand_volume", volume_id=volume_id)[0] == "INVALID_ARGUMENT"
    assert node.metric("committed_bytes") == promised


def publication(
    node: Node, volume_id: str, pod: str = "pod", *, readonly: bool = False, **of_capability: object
) -> dict:
    return {
        "volume_id": volume_id,
        "staging_target_path": str(node.kubelet / "stage" / volume_id),
        "target_path": str(node.kubelet / "pods" / pod / volume_id),
        "volume_capability": capability(**of_capability),
        "readonly": readonly,
    }


def fill(path: Path, mib: int) -> None:
    with path.open("wb", buffering=0) as file:
        for _ in range(mib):
            file.write(CHUNK)
            os.fsync(file.fileno())
