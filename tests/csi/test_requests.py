"""What is asked for: sizes, paths, capabilities and pages."""

import csitest
import pytest
from csitest import MIB, capability, capacity
from plumbline_csi import requests
from plumbline_csi.errors import Aborted, FailedPrecondition, InvalidArgument, OutOfRange
from plumbline_csi.filesystem import FsType
from plumbline_csi.state import Snapshot

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("required_mib", "limit_mib", "size_mib"),
    [(0, 0, 1024), (0, 100, 100), (64, 0, 64), (64, 64, 64), (1, 0, 16), (1, 100, 16)],
)
def test_a_size_is_as_small_as_the_range_allows(required_mib: int, limit_mib: int, size_mib: int) -> None:
    assert requests.size(capacity(required_mib, limit_mib), 16 * MIB, GIB) == size_mib * MIB


def test_a_size_is_rounded_up_to_whole_mib() -> None:
    asked = csitest.pb.CapacityRange(required_bytes=20 * MIB + 1)

    assert requests.size(asked, 16 * MIB, GIB) == 21 * MIB


@pytest.mark.parametrize(
    ("required", "limit", "error"),
    [
        (0, MIB, OutOfRange),
        (20 * MIB + 1, 20 * MIB + 2, OutOfRange),
        (-1, 0, InvalidArgument),
        (0, -1, InvalidArgument),
    ],
)
def test_an_impossible_range_is_refused(required: int, limit: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        requests.size(csitest.pb.CapacityRange(required_bytes=required, limit_bytes=limit), 16 * MIB, GIB)


@pytest.mark.parametrize("path", ["", "relative", "/a/../b", "/a\0b"])
def test_only_plain_absolute_paths_are_taken(path: str) -> None:
    with pytest.raises(InvalidArgument):
        requests.absolute(path, "target_path")


def test_a_capability_is_read() -> None:
    use = requests.use(capability("SINGLE_NODE_WRITER", "xfs", ("noatime", "logbsize=64k")))

    assert use == requests.Use(FsType.XFS, "SINGLE_NODE_WRITER", ("noatime", "logbsize=64k"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (capability("MULTI_NODE_MULTI_WRITER"), "ReadWriteOnce"),
        (capability(fs="ntfs"), "ext4, xfs"),
        (capability(flags=("ro,remount",)), "not a single option"),
        (csitest.pb.VolumeCapability(block=csitest.pb.VolumeCapability.BlockVolume()), "raw blocks"),
    ],
)
def test_an_unsupported_capability_is_refused_with_what_to_do(wrong: csitest.pb.VolumeCapability, says: str) -> None:
    with pytest.raises(FailedPrecondition, match=says):
        requests.use(wrong, FailedPrecondition)


def test_an_unknown_parameter_is_refused_but_not_what_the_sidecars_add() -> None:
    requests.known_parameters({"csi.storage.k8s.io/pvc/name": "data"})
    with pytest.raises(InvalidArgument, match="fsTpye is unknown"):
        requests.known_parameters({"fsTpye": "xfs"})


def test_pages_cover_everything_once_even_when_entries_go_in_between() -> None:
    records = [Snapshot(f"s-{n:024x}", str(n), "v", 1, 1, FsType.EXT4, 0) for n in range(5)]

    first, token = requests.page(records, 2, "")
    second, last = requests.page([r for r in records if r not in first], 3, token)

    assert [*first, *second] == records
    assert last == ""
    with pytest.raises(Aborted):
        requests.page(records, 0, "7")
    with pytest.raises(InvalidArgument):
        requests.page(records, -1, "")
