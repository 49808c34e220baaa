"""The Controller service over its socket."""

from concurrent.futures import ThreadPoolExecutor

import csitest
import pytest
from csitest import MIB, TOPOLOGY, Node, capability, capacity, from_snapshot, from_volume, pb


def test_what_is_declared(node: Node) -> None:
    from plumbline_csi import filesystem

    plugin = node.csi.get_plugin_capabilities().capabilities
    online = pb.PluginCapability.VolumeExpansion.ONLINE
    names = pb.ControllerServiceCapability.RPC.Type
    declared = {names.Name(c.rpc.type) for c in node.csi.controller_get_capabilities().capabilities}

    assert node.csi.get_plugin_info().name == csitest.DRIVER
    assert node.csi.probe().ready.value
    assert [c.service.type for c in plugin[:2]] == [1, 2]  # controller service, accessibility constraints
    assert (plugin[2].volume_expansion.type == online) is filesystem.has_sys_resource()
    assert declared == {
        "CREATE_DELETE_VOLUME", "LIST_VOLUMES", "GET_CAPACITY", "CREATE_DELETE_SNAPSHOT", "LIST_SNAPSHOTS",
        "CLONE_VOLUME", "EXPAND_VOLUME", "SINGLE_NODE_MULTI_WRITER",
    }  # fmt: skip


def test_what_is_not_declared_is_not_implemented(node: Node) -> None:
    assert node.csi.refusal("controller_publish_volume")[0] == "UNIMPLEMENTED"
    assert node.csi.refusal("controller_modify_volume")[0] == "UNIMPLEMENTED"


def test_creating_and_deleting_twice_is_once(node: Node) -> None:
    volume_id = node.create("twice")

    assert node.create("twice") == volume_id
    assert volume_id in listed(node)
    node.csi.delete_volume(volume_id=volume_id)
    node.csi.delete_volume(volume_id=volume_id)
    assert volume_id not in listed(node)


def test_eight_at_once_make_one_volume(node: Node) -> None:
    with ThreadPoolExecutor(8) as threads:
        volume_ids = set(threads.map(lambda _: node.create("at once"), range(8)))

    assert len(volume_ids) == 1
    node.csi.delete_volume(volume_id=volume_ids.pop())


def test_a_volume_has_the_size_topology_and_source_that_were_asked_for(node: Node) -> None:
    volume = node.csi.create_volume(
        name="described", capacity_range=capacity(20, 40), volume_capabilities=[capability()]
    ).volume

    assert volume.capacity_bytes == 20 * MIB
    assert [dict(t.segments) for t in volume.accessible_topology] == [{TOPOLOGY: "node-1"}]
    assert not volume.HasField("content_source")
    node.csi.delete_volume(volume_id=volume.volume_id)


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"capacity_range": capacity(17)}, "ALREADY_EXISTS", "another size"),
        ({"capacity_range": capacity(0, 15)}, "ALREADY_EXISTS", "another size"),
        ({"volume_capabilities": [capability(fs="xfs")]}, "ALREADY_EXISTS", "another file system, ext4"),
        ({"volume_content_source": from_volume("v-" + "0" * 24)}, "ALREADY_EXISTS", "another source, none"),
    ],
)
def test_the_same_name_with_other_arguments_is_refused(node: Node, fields: dict, code: str, says: str) -> None:
    node.create("taken")
    request = {"capacity_range": capacity(16), "volume_capabilities": [capability()]} | fields

    refusal = node.csi.refusal("create_volume", name="taken", **request)

    assert refusal[0] == code
    assert says in refusal[1]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"name": ""}, "INVALID_ARGUMENT", "name is missing"),
        ({"volume_capabilities": []}, "INVALID_ARGUMENT", "volume_capabilities is missing"),
        ({"volume_capabilities": [capability("MULTI_NODE_MULTI_WRITER")]}, "INVALID_ARGUMENT", "ReadWriteOnce"),
        ({"volume_capabilities": [capability(fs="btrfs")]}, "INVALID_ARGUMENT", "ext4, xfs"),
        ({"volume_capabilities": [capability(fs="ext4"), capability(fs="xfs")]}, "INVALID_ARGUMENT", "ext4 and xfs"),
        ({"parameters": {"type": "fast"}}, "INVALID_ARGUMENT", "type is unknown"),
        ({"mutable_parameters": {"iops": "1"}}, "INVALID_ARGUMENT", "mutable_parameters: iops"),
        ({"capacity_range": capacity(0, 1)}, "OUT_OF_RANGE", "the limit is 1048576"),
        ({"volume_content_source": from_snapshot("s-" + "0" * 24)}, "NOT_FOUND", "no snapshot"),
        ({"volume_content_source": from_volume("../../etc")}, "NOT_FOUND", "no volume '../../etc'"),
        ({"capacity_range": capacity(1 << 30)}, "RESOURCE_EXHAUSTED", "asked"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_in_words_and_leaves_nothing(node: Node, fields: dict, code: str, says: str) -> None:
    before = listed(node)
    request = {"name": "wrong", "capacity_range": capacity(16), "volume_capabilities": [capability()]} | fields

    refusal = node.csi.refusal("create_volume", **request)

    assert refusal[0] == code
    assert says in refusal[1]
    assert listed(node) == before
    assert sorted(p.name for p in (node.data / "pool/volumes").iterdir()) == before


def test_a_volume_is_made_only_where_it_can_live(node: Node) -> None:
    def requisite(name: str) -> pb.TopologyRequirement:
        return pb.TopologyRequirement(requisite=[pb.Topology(segments={TOPOLOGY: name})])

    elsewhere = node.csi.refusal(
        "create_volume", name="elsewhere", volume_capabilities=[capability()],
        accessibility_requirements=requisite("node-2"),
    )  # fmt: skip
    here = node.create("here", accessibility_requirements=requisite("node-1"))

    assert elsewhere[0] == "RESOURCE_EXHAUSTED"
    assert "'node-1'" in elsewhere[1]
    node.csi.delete_volume(volume_id=here)


@pytest.mark.parametrize("volume_id", ["../snapshots", "..", "/etc", "v-1"])
def test_a_path_as_an_id_reaches_nothing(node: Node, volume_id: str) -> None:
    kept = node.create("kept")

    node.csi.delete_volume(volume_id=volume_id)
    node.csi.delete_snapshot(snapshot_id=volume_id)

    assert kept in listed(node)
    assert (node.data / "pool/snapshots").is_dir()
    assert (
        node.csi.refusal("controller_expand_volume", volume_id=volume_id, capacity_range=capacity(32))[0] == "NOT_FOUND"
    )


def test_validation_confirms_or_says_why_not(node: Node) -> None:
    volume_id = node.create("validated")

    def validate(wanted: pb.VolumeCapability) -> pb.ValidateVolumeCapabilitiesResponse:
        return node.csi.validate_volume_capabilities(volume_id=volume_id, volume_capabilities=[wanted])

    assert validate(capability()).confirmed.volume_capabilities == [capability()]
    assert "ReadWriteOnce" in validate(capability("MULTI_NODE_READER_ONLY")).message
    assert "has the file system ext4" in validate(capability(fs="xfs")).message
    assert node.csi.refusal("validate_volume_capabilities", volume_id=volume_id)[0] == "INVALID_ARGUMENT"


def test_volumes_are_listed_by_pages(node: Node) -> None:
    made = {node.create(f"listed {n}") for n in range(3)}
    seen, token = [], ""
    while not seen or token:
        page = node.csi.list_volumes(max_entries=2, starting_token=token)
        assert len(page.entries) <= 2
        seen += [entry.volume.volume_id for entry in page.entries]
        token = page.next_token

    assert seen == sorted(set(seen)) == listed(node)
    assert made <= set(seen)
    assert node.csi.refusal("list_volumes", starting_token="2")[0] == "ABORTED"


def test_snapshots_are_listed_by_id_and_by_volume(node: Node) -> None:
    one, other = node.create("snapped 1"), node.create("snapped 2")
    of_one = sorted([node.snapshot("listed 1", one), node.snapshot("listed 2", one)])
    of_other = node.snapshot("listed 3", other)

    def found(**fields: object) -> list[str]:
        return [entry.snapshot.snapshot_id for entry in node.csi.list_snapshots(**fields).entries]

    assert found(source_volume_id=one) == of_one
    assert found(snapshot_id=of_other) == [of_other]
    assert found(snapshot_id="nothing") == []
    assert found(source_volume_id=one, max_entries=1) == of_one[:1]
    for snapshot_id in (*of_one, of_other, of_other):
        node.csi.delete_snapshot(snapshot_id=snapshot_id)
    assert found(source_volume_id=one) == []


def test_what_is_promised_is_counted_and_an_overfull_pool_is_refused(node: Node) -> None:
    def available() -> int:
        return node.csi.get_capacity().available_capacity

    before, committed = available(), node.metric("committed_bytes")
    volume_id = node.create("promised", 512)

    assert available() == before - 512 * MIB
    assert node.metric("committed_bytes") == committed + 512 * MIB
    code, sentence = node.csi.refusal(
        "create_volume", name="too much", volume_capabilities=[capability()],
        capacity_range=capacity(before // MIB),
    )  # fmt: skip
    assert code == "RESOURCE_EXHAUSTED"
    assert f"{before // MIB} MiB asked, {(before - 512 * MIB) // MIB} MiB left" in sentence
    assert "raise POOL_GIB" in sentence
    node.csi.delete_volume(volume_id=volume_id)
    assert available() == before


def test_capacity_is_nought_for_what_cannot_be_made_here(node: Node) -> None:
    elsewhere = pb.Topology(segments={TOPOLOGY: "node-2"})

    assert node.csi.get_capacity(accessible_topology=elsewhere).available_capacity == 0
    assert node.csi.get_capacity(volume_capabilities=[capability("MULTI_NODE_MULTI_WRITER")]).available_capacity == 0
    assert node.csi.get_capacity(volume_capabilities=[capability(fs="xfs")]).minimum_volume_size.value == 300 * MIB


def listed(node: Node) -> list[str]:
    return [entry.volume.volume_id for entry in node.csi.list_volumes().entries]
