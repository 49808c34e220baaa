"""Checks of what a request asks for, shared by the services.

Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#field-requirements
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plumbline_csi_proto import csi_pb2 as pb

from plumbline_csi.errors import Aborted, CsiError, InvalidArgument, OutOfRange
from plumbline_csi.files import GIB, MIB
from plumbline_csi.filesystem import FsType
from plumbline_csi.state import Record, is_id

DEFAULT_BYTES = 1 * GIB
STEP_BYTES = 1 * MIB
_MODE = pb.VolumeCapability.AccessMode
ACCESS_MODES = (
    _MODE.SINGLE_NODE_WRITER,
    _MODE.SINGLE_NODE_READER_ONLY,
    _MODE.SINGLE_NODE_SINGLE_WRITER,
    _MODE.SINGLE_NODE_MULTI_WRITER,
)
_FLAG = re.compile(r"[A-Za-z0-9_.:=@%+/-]+")
_SIDECAR_PREFIX = "csi.storage.k8s.io/"  # what the Kubernetes sidecars add about the PVC


@dataclass(frozen=True)
class Use:
    """How a volume is to be used: a volume capability that this driver supports."""

    fs: FsType | None  # None: no preference
    access_mode: str
    flags: tuple[str, ...]


def required(value: str, field: str) -> str:
    """A field that must be there."""
    if not value:
        raise InvalidArgument(f"{field} is missing")
    return value


def absolute(path: str, field: str) -> str:
    """A path that must be there, absolute and without detours."""
    if not required(path, field).startswith("/") or ".." in path.split("/") or "\0" in path:
        raise InvalidArgument(f"{field} {path!r} is not a plain absolute path")
    return path.rstrip("/") or "/"


def use(capability: pb.VolumeCapability, refusal: type[CsiError] = InvalidArgument) -> Use:
    """One capability, or `refusal` when it is not supported."""
    if capability.WhichOneof("access_type") != "mount":
        raise refusal("only volumes with a file system are supported (volumeMode: Filesystem), not raw blocks")
    mode = capability.access_mode.mode
    if mode not in ACCESS_MODES:
        raise refusal(
            f"access mode {_MODE.Mode.Name(mode)} is not supported: a volume lives on one node, "
            "so use ReadWriteOnce or ReadWriteOncePod"
        )
    fs_type = capability.mount.fs_type
    if fs_type not in ("", *FsType):
        raise refusal(f"file system {fs_type!r} is not supported: use one of {', '.join(FsType)}")
    flags = tuple(capability.mount.mount_flags)
    if bad := [flag for flag in flags if not _FLAG.fullmatch(flag)]:
        raise refusal(f"mount option {bad[0]!r} is not a single option")
    return Use(FsType(fs_type) if fs_type else None, _MODE.Mode.Name(mode), flags)


def uses(capabilities: Sequence[pb.VolumeCapability]) -> FsType | None:
    """All capabilities of a volume; the file system that they ask for, if they name one."""
    if not capabilities:
        raise InvalidArgument("volume_capabilities is missing")
    named = {wanted.fs for wanted in map(use, capabilities)} - {None}
    if len(named) > 1:
        raise InvalidArgument(f"one volume cannot have the file systems {' and '.join(sorted(map(str, named)))}")
    return next(iter(named), None)


def known_parameters(parameters: Mapping[str, str], field: str = "parameters") -> None:
    """Refuse what this driver would ignore: a typing error in a StorageClass should not pass silently."""
    if unknown := [key for key in parameters if not key.startswith(_SIDECAR_PREFIX)]:
        raise InvalidArgument(f"{field}: {', '.join(sorted(unknown))} is unknown: this driver takes none of its own")


def claim(parameters: Mapping[str, str]) -> str:
    """namespace/name of the PVC, when the provisioner runs with --extra-create-metadata."""
    names = [parameters.get(f"{_SIDECAR_PREFIX}pvc/{part}", "") for part in ("namespace", "name")]
    return "/".join(names) if all(names) else ""


def size(capacity: pb.CapacityRange, smallest: int, default: int) -> int:
    """The size for a capacity range: as small as allowed, in whole MiB.

    Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#createvolume (CapacityRange)
    """
    least, most = capacity.required_bytes, capacity.limit_bytes
    if least < 0 or most < 0:
        raise InvalidArgument(f"a capacity range cannot be negative: required {least}, limit {most}")
    wanted = least or (min(default, most) if most else default)
    rounded = -(-max(wanted, smallest) // STEP_BYTES) * STEP_BYTES
    if most and rounded > most:
        raise OutOfRange(f"{rounded} bytes are the least for {least} required, but the limit is {most}")
    return rounded


def page[T: Record](records: Iterable[T], max_entries: int, token: str) -> tuple[list[T], str]:
    """One page of records ordered by id, and the token of the next one: the last id, so deletions shift nothing."""
    if max_entries < 0:
        raise InvalidArgument(f"max_entries cannot be negative: {max_entries}")
    if token and not is_id(token):
        raise Aborted(f"starting_token {token!r} is not one of ours: start again without one")
    rest = [record for record in records if record.id > token]
    entries = rest[: max_entries or None]
    return entries, entries[-1].id if len(entries) < len(rest) else ""
