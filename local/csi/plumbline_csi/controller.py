"""The Controller service: volumes and snapshots come and go.

Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#controller-service-rpc
"""

import time

from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import Int64Value
from plumbline_csi_proto import csi_pb2 as pb

from plumbline_csi import filesystem, mounts, requests, state
from plumbline_csi.config import Config
from plumbline_csi.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    OutOfRange,
    ResourceExhausted,
)
from plumbline_csi.filesystem import FsType
from plumbline_csi.state import Snapshot, Volume
from plumbline_csi.storage import Storage

_RPC = pb.ControllerServiceCapability.RPC
CAPABILITIES = (
    _RPC.CREATE_DELETE_VOLUME,
    _RPC.LIST_VOLUMES,
    _RPC.GET_CAPACITY,
    _RPC.CREATE_DELETE_SNAPSHOT,
    _RPC.LIST_SNAPSHOTS,
    _RPC.CLONE_VOLUME,
    _RPC.EXPAND_VOLUME,
    _RPC.SINGLE_NODE_MULTI_WRITER,
)


class Controller:
    """Provisions on the node it runs on."""

    def __init__(self, config: Config, storage: Storage) -> None:
        """Provision from this storage."""
        self._topology = pb.Topology(segments={config.topology_key: config.node_name})
        self._storage = storage

    def controller_get_capabilities(
        self, _: pb.ControllerGetCapabilitiesRequest
    ) -> pb.ControllerGetCapabilitiesResponse:
        """ControllerGetCapabilities: only what works and is tested.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#controllergetcapabilities
        """
        declared = [pb.ControllerServiceCapability(rpc=_RPC(type=type_)) for type_ in CAPABILITIES]
        return pb.ControllerGetCapabilitiesResponse(capabilities=declared)

    def create_volume(self, request: pb.CreateVolumeRequest) -> pb.CreateVolumeResponse:
        """CreateVolume: empty, from a snapshot, or as a clone of a volume.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#createvolume
        """
        volume_id = state.volume_id(requests.required(request.name, "name"))
        fs = requests.uses(request.volume_capabilities)
        requests.known_parameters(request.parameters)
        requests.known_parameters(request.mutable_parameters, "mutable_parameters")
        self._check_topology(request.accessibility_requirements)
        content = request.volume_content_source
        source_id = content.snapshot.snapshot_id or content.volume.volume_id
        with self._storage.locks.hold(volume_id, source_id):
            if existing := self._storage.volumes.get(volume_id):
                self._check_same(existing, request, fs, source_id)
                return pb.CreateVolumeResponse(volume=self._describe(existing))
            origin = self._origin(content)
            fs = self._file_system(fs, origin)
            size = requests.size(request.capacity_range, fs.smallest_bytes, requests.DEFAULT_BYTES)
            if origin:
                size = self._fit(size, origin, request.capacity_range)
            volume = Volume(
                id=volume_id,
                name=request.name,
                size_bytes=size,
                fs=fs,
                created_ns=time.time_ns(),
                claim=requests.claim(request.parameters),
                source_id=source_id,
                needs_growth=bool(origin and (origin.needs_growth or size > origin.size_bytes)),
            )
            self._storage.create(volume, origin)
            return pb.CreateVolumeResponse(volume=self._describe(volume))

    def delete_volume(self, request: pb.DeleteVolumeRequest) -> pb.DeleteVolumeResponse:
        """DeleteVolume: gone, also when it was never there; refused while it is mounted.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#deletevolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        with self._storage.locks.hold(volume_id):
            volume = self._storage.volumes.get(volume_id)
            if volume and (mounted := mounts.of(self._storage.device(volume))):
                raise FailedPrecondition(
                    f"{volume_id} is still mounted at {mounted[0].path}: unpublish and unstage it first"
                )
            self._storage.volumes.remove(volume_id)
        return pb.DeleteVolumeResponse()

    def validate_volume_capabilities(
        self, request: pb.ValidateVolumeCapabilitiesRequest
    ) -> pb.ValidateVolumeCapabilitiesResponse:
        """ValidateVolumeCapabilities: confirmed, or the reason why not.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#validatevolumecapabilities
        """
        volume = self._storage.volume(requests.required(request.volume_id, "volume_id"))
        if not request.volume_capabilities:
            raise InvalidArgument("volume_capabilities is missing")
        try:
            fs = requests.uses(request.volume_capabilities)
            requests.known_parameters(request.parameters)
        except InvalidArgument as reason:
            return pb.ValidateVolumeCapabilitiesResponse(message=str(reason))
        if fs not in (None, volume.fs):
            return pb.ValidateVolumeCapabilitiesResponse(message=f"{volume.id} has the file system {volume.fs}")
        return pb.ValidateVolumeCapabilitiesResponse(
            confirmed=pb.ValidateVolumeCapabilitiesResponse.Confirmed(
                volume_context=request.volume_context,
                volume_capabilities=request.volume_capabilities,
                parameters=request.parameters,
            )
        )

    def list_volumes(self, request: pb.ListVolumesRequest) -> pb.ListVolumesResponse:
        """ListVolumes: ordered by id.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#listvolumes
        """
        volumes, token = requests.page(self._storage.volumes.all(), request.max_entries, request.starting_token)
        entries = [pb.ListVolumesResponse.Entry(volume=self._describe(volume)) for volume in volumes]
        return pb.ListVolumesResponse(entries=entries, next_token=token)

    def get_capacity(self, request: pb.GetCapacityRequest) -> pb.GetCapacityResponse:
        """GetCapacity: what can still be promised to a volume of such a kind on this node.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#getcapacity
        """
        try:
            fs = requests.uses(request.volume_capabilities) if request.volume_capabilities else None
            requests.known_parameters(request.parameters)
        except InvalidArgument:
            return pb.GetCapacityResponse(available_capacity=0)
        if request.HasField("accessible_topology") and request.accessible_topology != self._topology:
            return pb.GetCapacityResponse(available_capacity=0)
        available = self._storage.pool.room().available_bytes
        return pb.GetCapacityResponse(
            available_capacity=available,
            maximum_volume_size=Int64Value(value=available),
            minimum_volume_size=Int64Value(value=(fs or FsType.EXT4).smallest_bytes),
        )

    def create_snapshot(self, request: pb.CreateSnapshotRequest) -> pb.CreateSnapshotResponse:
        """CreateSnapshot: a point in time, ready when this returns.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#createsnapshot
        """
        snapshot_id = state.snapshot_id(requests.required(request.name, "name"))
        source_id = requests.required(request.source_volume_id, "source_volume_id")
        requests.known_parameters(request.parameters)
        with self._storage.locks.hold(snapshot_id, source_id):
            if existing := self._storage.snapshots.get(snapshot_id):
                if existing.volume_id != source_id:
                    raise AlreadyExists(f"snapshot {request.name!r} is there, of volume {existing.volume_id}")
                return pb.CreateSnapshotResponse(snapshot=_describe_snapshot(existing))
            volume = self._storage.volume(source_id)
            snapshot = self._storage.cut(
                Snapshot(
                    id=snapshot_id,
                    name=request.name,
                    volume_id=source_id,
                    size_bytes=volume.size_bytes,
                    allocated_bytes=0,
                    fs=volume.fs,
                    created_ns=time.time_ns(),
                    needs_growth=volume.needs_growth,
                ),
                volume,
            )
            return pb.CreateSnapshotResponse(snapshot=_describe_snapshot(snapshot))

    def delete_snapshot(self, request: pb.DeleteSnapshotRequest) -> pb.DeleteSnapshotResponse:
        """DeleteSnapshot: gone, also when it was never there; volumes restored from it keep their data.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#deletesnapshot
        """
        snapshot_id = requests.required(request.snapshot_id, "snapshot_id")
        with self._storage.locks.hold(snapshot_id):
            self._storage.snapshots.remove(snapshot_id)
        return pb.DeleteSnapshotResponse()

    def list_snapshots(self, request: pb.ListSnapshotsRequest) -> pb.ListSnapshotsResponse:
        """ListSnapshots: all, one, or those of a volume, ordered by id.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#listsnapshots
        """
        wanted = (
            snapshot
            for snapshot in self._storage.snapshots.all()
            if request.snapshot_id in ("", snapshot.id) and request.source_volume_id in ("", snapshot.volume_id)
        )
        snapshots, token = requests.page(wanted, request.max_entries, request.starting_token)
        entries = [pb.ListSnapshotsResponse.Entry(snapshot=_describe_snapshot(snapshot)) for snapshot in snapshots]
        return pb.ListSnapshotsResponse(entries=entries, next_token=token)

    def controller_expand_volume(self, request: pb.ControllerExpandVolumeRequest) -> pb.ControllerExpandVolumeResponse:
        """ControllerExpandVolume: the volume gets its new size; the node grows the file system.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#controllerexpandvolume
        """
        volume_id = requests.required(request.volume_id, "volume_id")
        if not request.HasField("capacity_range"):
            raise InvalidArgument("capacity_range is missing")
        with self._storage.locks.hold(volume_id):
            volume = self._storage.volume(volume_id)
            size = requests.size(request.capacity_range, volume.fs.smallest_bytes, volume.size_bytes)
            if size > volume.size_bytes:
                if self._storage.device(volume) and not filesystem.grows_mounted(volume.fs):
                    raise FailedPrecondition(
                        f"{volume_id} is mounted, and this host does not let a mounted ext4 grow (no CAP_SYS_RESOURCE): "
                        "stop the pods that use it, it then grows before its next mount"
                    )
                volume = self._storage.expand(volume, size)
            return pb.ControllerExpandVolumeResponse(
                capacity_bytes=volume.size_bytes, node_expansion_required=volume.needs_growth
            )

    def _origin(self, content: pb.VolumeContentSource) -> Volume | Snapshot | None:
        match content.WhichOneof("type"):
            case None:
                return None
            case "volume":
                return self._storage.volume(content.volume.volume_id)
            case _:
                return self._storage.snapshot(content.snapshot.snapshot_id)

    def _check_topology(self, wanted: pb.TopologyRequirement) -> None:
        if wanted.requisite and self._topology not in wanted.requisite:
            raise ResourceExhausted(
                f"a volume of this driver lives on its node, {dict(self._topology.segments)}, which is not among the "
                "nodes that were asked for"
            )

    @staticmethod
    def _check_same(existing: Volume, request: pb.CreateVolumeRequest, fs: FsType | None, source_id: str) -> None:
        capacity = request.capacity_range
        if existing.size_bytes < capacity.required_bytes or 0 < capacity.limit_bytes < existing.size_bytes:
            raise AlreadyExists(f"volume {request.name!r} is there with another size, {existing.size_bytes} bytes")
        if fs not in (None, existing.fs):
            raise AlreadyExists(f"volume {request.name!r} is there with another file system, {existing.fs}")
        if source_id != existing.source_id:
            raise AlreadyExists(f"volume {request.name!r} is there from another source, {existing.source_id or 'none'}")

    @staticmethod
    def _file_system(wanted: FsType | None, origin: Volume | Snapshot | None) -> FsType:
        if origin and wanted not in (None, origin.fs):
            raise InvalidArgument(f"{origin.id} has the file system {origin.fs}; a copy of it cannot become {wanted}")
        return origin.fs if origin else wanted or FsType.EXT4

    @staticmethod
    def _fit(size: int, origin: Volume | Snapshot, capacity: pb.CapacityRange) -> int:
        """The size of a copy: at least its origin's, which is also what is meant when none is asked for."""
        least, limit = capacity.required_bytes, capacity.limit_bytes
        if 0 < least < origin.size_bytes or 0 < limit < origin.size_bytes:
            raise OutOfRange(f"{origin.id} has {origin.size_bytes} bytes: a copy of it cannot be smaller")
        return size if least else origin.size_bytes

    def _describe(self, volume: Volume) -> pb.Volume:
        described = pb.Volume(
            volume_id=volume.id, capacity_bytes=volume.size_bytes, accessible_topology=[self._topology]
        )
        if volume.source_id.startswith("s-"):
            described.content_source.snapshot.snapshot_id = volume.source_id
        elif volume.source_id:
            described.content_source.volume.volume_id = volume.source_id
        return described


def _describe_snapshot(snapshot: Snapshot) -> pb.Snapshot:
    created = Timestamp()
    created.FromNanoseconds(snapshot.created_ns)
    return pb.Snapshot(
        snapshot_id=snapshot.id,
        source_volume_id=snapshot.volume_id,
        size_bytes=snapshot.size_bytes,
        creation_time=created,
        ready_to_use=True,
    )
