"""The Node service: a volume is staged (mounted once per node) and published (shown to a workload).

Every step is first recorded, then done, and what is mounted is read from the kernel: so each call can be repeated after
a crash at any moment and ends in the state that it was asked for.
Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#node-service-rpc
"""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from plumbline_csi_proto import csi_pb2 as pb

from plumbline_csi import filesystem, loop, mounts, requests
from plumbline_csi.config import Config
from plumbline_csi.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from plumbline_csi.logs import event
from plumbline_csi.mounts import Mount
from plumbline_csi.requests import Use
from plumbline_csi.state import Publication, Staging, Volume
from plumbline_csi.storage import Storage

_RPC = pb.NodeServiceCapability.RPC
CAPABILITIES = (
    _RPC.STAGE_UNSTAGE_VOLUME,
    _RPC.GET_VOLUME_STATS,
    _RPC.EXPAND_VOLUME,
    _RPC.SINGLE_NODE_MULTI_WRITER,
)
_MULTI_WRITER, _READER_ONLY = "SINGLE_NODE_MULTI_WRITER", "SINGLE_NODE_READER_ONLY"


class Node:
    """Mounts the volumes of this node."""

    def __init__(self, config: Config, storage: Storage) -> None:
        """Mount from this storage."""
        self._config = config
        self._storage = storage

    def node_get_capabilities(self, _: pb.NodeGetCapabilitiesRequest) -> pb.NodeGetCapabilitiesResponse:
        """NodeGetCapabilities: only what works and is tested.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodegetcapabilities
        """
        declared = [pb.NodeServiceCapability(rpc=_RPC(type=type_)) for type_ in CAPABILITIES]
        return pb.NodeGetCapabilitiesResponse(capabilities=declared)

    def node_get_info(self, _: pb.NodeGetInfoRequest) -> pb.NodeGetInfoResponse:
        """NodeGetInfo: the node's name is its id and its topology.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodegetinfo
        """
        name = self._config.node_name
        topology = pb.Topology(segments={self._config.topology_key: name})
        return pb.NodeGetInfoResponse(node_id=name, accessible_topology=topology)

    def node_stage_volume(self, request: pb.NodeStageVolumeRequest) -> pb.NodeStageVolumeResponse:
        """NodeStageVolume: check, grow where due, attach and mount.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodestagevolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        path = requests.absolute(request.staging_target_path, "staging_target_path")
        use = _use(request.volume_capability)
        with self._storage.locks.hold(volume_id):
            volume = self._usable(volume_id, use)
            if not self._is_staged(volume, Staging(path, use.flags)):
                volume = self._stage(volume, Staging(path, use.flags))
            if volume.needs_growth:
                self._storage.grow(volume)
        return pb.NodeStageVolumeResponse()

    def node_unstage_volume(self, request: pb.NodeUnstageVolumeRequest) -> pb.NodeUnstageVolumeResponse:
        """NodeUnstageVolume: unmount; the kernel frees the loop device with the last mount.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodeunstagevolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        path = requests.absolute(request.staging_target_path, "staging_target_path")
        with self._storage.locks.hold(volume_id):
            volume = self._storage.volumes.get(volume_id)
            self._release(volume, path)
            if volume and volume.staging and volume.staging.path == path:
                self._storage.volumes.put(replace(volume, staging=None))
        return pb.NodeUnstageVolumeResponse()

    def node_publish_volume(self, request: pb.NodePublishVolumeRequest) -> pb.NodePublishVolumeResponse:
        """NodePublishVolume: bind the staged file system to the workload's path.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodepublishvolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        path = requests.absolute(request.target_path, "target_path")
        use = _use(request.volume_capability)
        if not request.staging_target_path:
            raise FailedPrecondition("staging_target_path is missing: the volume must be staged first")
        staging = requests.absolute(request.staging_target_path, "staging_target_path")
        wanted = Publication(path, request.readonly or use.access_mode == _READER_ONLY, use.access_mode)
        with self._storage.locks.hold(volume_id):
            volume = self._usable(volume_id, use)
            device = self._storage.device(volume)
            if not _is_of(mounts.at(staging), device):
                raise FailedPrecondition(f"{volume_id} is not staged at {staging}")
            if not self._is_published(volume, wanted, device):
                self._check_writers(volume, wanted)
                self._storage.volumes.put(volume.published(wanted))
                Path(path).mkdir(parents=True, exist_ok=True)
                mounts.bind(staging, path, read_only=wanted.read_only)
        return pb.NodePublishVolumeResponse()

    def node_unpublish_volume(self, request: pb.NodeUnpublishVolumeRequest) -> pb.NodeUnpublishVolumeResponse:
        """NodeUnpublishVolume: unmount and remove the workload's path.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodeunpublishvolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        path = requests.absolute(request.target_path, "target_path")
        with self._storage.locks.hold(volume_id):
            volume = self._storage.volumes.get(volume_id)
            self._release(volume, path)
            with suppress(FileNotFoundError):
                Path(path).rmdir()
            if volume and volume.publication(path):
                self._storage.volumes.put(volume.unpublished(path))
        return pb.NodeUnpublishVolumeResponse()

    def node_get_volume_stats(self, request: pb.NodeGetVolumeStatsRequest) -> pb.NodeGetVolumeStatsResponse:
        """NodeGetVolumeStats: bytes and inodes of the file system.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodegetvolumestats
        """
        path = requests.required(request.volume_path, "volume_path")
        self._mounted(requests.required(request.volume_id, "volume_id"), path)
        v = os.statvfs(path)
        return pb.NodeGetVolumeStatsResponse(
            usage=[
                pb.VolumeUsage(
                    unit=pb.VolumeUsage.BYTES,
                    total=v.f_blocks * v.f_frsize,
                    used=(v.f_blocks - v.f_bfree) * v.f_frsize,
                    available=v.f_bavail * v.f_frsize,
                ),
                pb.VolumeUsage(
                    unit=pb.VolumeUsage.INODES, total=v.f_files, used=v.f_files - v.f_ffree, available=v.f_favail
                ),
            ]
        )

    def node_expand_volume(self, request: pb.NodeExpandVolumeRequest) -> pb.NodeExpandVolumeResponse:
        """NodeExpandVolume: the mounted file system follows its volume's size.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#nodeexpandvolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        path = requests.required(request.volume_path, "volume_path")
        with self._storage.locks.hold(volume_id):
            volume = self._mounted(volume_id, path)
            if volume.needs_growth:
                volume = self._storage.grow(volume)
            if volume.needs_growth:
                raise FailedPrecondition(
                    f"{volume_id} cannot grow while it is mounted, this host does not allow it for ext4 (no CAP_SYS_RESOURCE): "
                    "restart the pods that use it, it then grows before its next mount"
                )
        return pb.NodeExpandVolumeResponse(capacity_bytes=volume.size_bytes)

    def _usable(self, volume_id: str, use: Use) -> Volume:
        volume = self._storage.volume(volume_id)
        if use.fs not in (None, volume.fs):
            raise FailedPrecondition(f"{volume_id} has the file system {volume.fs}, not {use.fs}")
        return volume

    def _mounted(self, volume_id: str, path: str) -> Volume:
        volume = self._storage.volume(volume_id)
        if not _is_of(mounts.at(path), self._storage.device(volume)):
            raise NotFound(f"{volume_id} is not mounted at {path}")
        return volume

    def _is_staged(self, volume: Volume, wanted: Staging) -> bool:
        device, here = self._storage.device(volume), mounts.at(wanted.path)
        if here and not _is_of(here, device):
            raise FailedPrecondition(f"something else is mounted at {wanted.path} (device {here.device})")
        if not here and (elsewhere := mounts.of(device)):
            raise FailedPrecondition(f"{volume.id} is already mounted at {elsewhere[0].path}")
        if here and volume.staging != wanted:
            raise AlreadyExists(f"{volume.id} is already staged at {wanted.path} with other mount options")
        return here is not None

    def _stage(self, volume: Volume, staging: Staging) -> Volume:
        volume = replace(volume, staging=staging)
        self._storage.volumes.put(volume)
        image = self._storage.volumes.image(volume.id)
        if not loop.find(image):
            filesystem.check(image, volume.fs)
            volume = self._storage.grow(volume) if volume.needs_growth else volume
        Path(staging.path).mkdir(parents=True, exist_ok=True)
        with loop.attached(image) as device:
            mounts.mount(device, staging.path, volume.fs, (*volume.fs.mount_options, *staging.flags))
        event("staged", id=volume.id, device=device.path, path=staging.path)
        return volume

    @staticmethod
    def _is_published(volume: Volume, wanted: Publication, device: loop.LoopDevice | None) -> bool:
        here, known = mounts.at(wanted.path), volume.publication(wanted.path)
        if not here:
            return False
        if not _is_of(here, device):
            raise FailedPrecondition(f"something else is mounted at {wanted.path} (device {here.device})")
        if known != wanted:
            raise AlreadyExists(f"{volume.id} is already published at {wanted.path} with other arguments")
        if here.read_only != wanted.read_only:  # died between the bind and its remount
            mounts.unmount(wanted.path)
            return False
        return True

    @staticmethod
    def _check_writers(volume: Volume, wanted: Publication) -> None:
        """Only SINGLE_NODE_MULTI_WRITER may have several paths (the second table of NodePublishVolume)."""
        others = [p for p in volume.publications if p.path != wanted.path and mounts.at(p.path)]
        if others and {wanted.access_mode, *(p.access_mode for p in others)} != {_MULTI_WRITER}:
            raise FailedPrecondition(
                f"{volume.id} is already published at {others[0].path}, and {wanted.access_mode} allows one path only"
            )

    def _release(self, volume: Volume | None, path: str) -> None:
        here = mounts.at(path)
        if here is None:
            return
        # A volume whose record is lost can still be unmounted, but never something that no loop device backs.
        ours = _is_of(here, self._storage.device(volume)) if volume else here.device.startswith(f"{loop.MAJOR}:")
        if not ours:
            raise FailedPrecondition(f"what is mounted at {path} (device {here.device}) is not this volume")
        mounts.unmount(path)


def _use(capability: pb.VolumeCapability) -> Use:
    if not capability.WhichOneof("access_type"):
        raise InvalidArgument("volume_capability is missing")
    return requests.use(capability, FailedPrecondition)


def _is_of(mount: Mount | None, device: loop.LoopDevice | None) -> bool:
    return mount is not None and device is not None and mount.device == device.number
