"""What lies in the pool: volumes and snapshots, how they are made, copied and removed, and recovery after a crash."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from plumbline_csi import files, filesystem, loop, mounts
from plumbline_csi.errors import FailedPrecondition, NotFound
from plumbline_csi.locks import KeyedLocks
from plumbline_csi.logs import event
from plumbline_csi.metrics import Metrics, Sample
from plumbline_csi.pool import Pool
from plumbline_csi.state import Snapshot, Store, Volume


class Storage:
    """The volumes and snapshots of one node. The caller holds the locks of the ids that it works on."""

    def __init__(self, folder: Path, pool_gib: int, metrics: Metrics) -> None:
        """Open the pool in this folder and put right what a crash has left."""
        self.locks = KeyedLocks()
        self._metrics = metrics
        self.pool = Pool(folder, pool_gib, self.committed_bytes)
        self.volumes = Store(self.pool.path / "volumes", Volume)
        self.snapshots = Store(self.pool.path / "snapshots", Snapshot)
        self._recover()

    def committed_bytes(self) -> int:
        """What the records promise: volumes their size, snapshots what they keep from being overwritten."""
        volumes = sum(volume.size_bytes for volume in self.volumes.all())
        return volumes + sum(snapshot.allocated_bytes for snapshot in self.snapshots.all())

    def volume(self, volume_id: str) -> Volume:
        """The volume, or NotFound."""
        volume = self.volumes.get(volume_id)
        if not volume:
            raise NotFound(f"there is no volume {volume_id!r} on this node")
        return volume

    def snapshot(self, snapshot_id: str) -> Snapshot:
        """The snapshot, or NotFound."""
        snapshot = self.snapshots.get(snapshot_id)
        if not snapshot:
            raise NotFound(f"there is no snapshot {snapshot_id!r} on this node")
        return snapshot

    def create(self, volume: Volume, origin: Volume | Snapshot | None) -> None:
        """Make a volume, empty or as a copy of its origin."""
        started = time.monotonic()
        with self.pool.reserve(volume.size_bytes):
            image = self.volumes.begin(volume.id)
            if origin is None:
                files.allocate_sparse(image, volume.size_bytes)
                filesystem.make(image, volume.fs)
            else:
                self._copy(origin, image)
                os.truncate(image, volume.size_bytes)
            files.sync(image)
            self.volumes.put(volume)
        event(
            "volume-created", id=volume.id, claim=volume.claim or "-", fs=volume.fs, bytes=volume.size_bytes,
            source=volume.source_id or "-", seconds=time.monotonic() - started,
        )  # fmt: skip

    def cut(self, snapshot: Snapshot, volume: Volume) -> Snapshot:
        """Make a snapshot of a volume."""
        with self.pool.reserve(files.allocated_bytes(self.volumes.image(volume.id))):
            image = self.snapshots.begin(snapshot.id)
            self._copy(volume, image)
            files.sync(image)
            snapshot = replace(snapshot, allocated_bytes=files.allocated_bytes(image))
            self.snapshots.put(snapshot)
        event("snapshot-created", id=snapshot.id, volume=volume.id, bytes=snapshot.allocated_bytes)
        return snapshot

    def expand(self, volume: Volume, size: int) -> Volume:
        """Promise a volume a larger size; its file system follows at the next mount, or at once on the node."""
        with self.pool.reserve(size - volume.size_bytes):
            expanded = replace(volume, size_bytes=size, needs_growth=True)
            self.volumes.put(expanded)
        event("volume-expanded", id=volume.id, bytes=size, from_bytes=volume.size_bytes)
        return expanded

    def grow(self, volume: Volume) -> Volume:
        """Let a volume's file system follow its size, where it can now; the record says whether it has."""
        image, device = self.volumes.image(volume.id), loop.find(self.volumes.image(volume.id))
        path = mounts.reachable(device)
        if device is None and volume.fs is filesystem.FsType.EXT4:
            filesystem.grow_image(image, volume.size_bytes)
        elif device and path and filesystem.grows_mounted(volume.fs):
            os.truncate(image, volume.size_bytes)
            filesystem.grow_mounted(device, path, volume.fs)
        else:
            return volume
        grown = replace(volume, needs_growth=False)
        self.volumes.put(grown)
        event("filesystem-grown", id=volume.id, bytes=volume.size_bytes)
        return grown

    def device(self, volume: Volume) -> loop.LoopDevice | None:
        """The loop device that a volume is attached to."""
        return loop.find(self.volumes.image(volume.id))

    def samples(self) -> list[Sample]:
        """The pool's figures."""
        room = self.pool.room()
        return [
            Sample("volumes", "gauge", "Volumes in the pool.", sum(1 for _ in self.volumes.all())),
            Sample("snapshots", "gauge", "Snapshots in the pool.", sum(1 for _ in self.snapshots.all())),
            Sample("capacity_bytes", "gauge", "What can be promised in all.", min(room.pool_bytes, room.disk_bytes)),
            Sample("committed_bytes", "gauge", "What has been promised.", room.committed_bytes),
            Sample("used_bytes", "gauge", "What is in use in the pool.", self.pool.used_bytes()),
        ]

    def _copy(self, origin: Volume | Snapshot, target: Path) -> None:
        """Copy an image at one point in time, holding the writers of a mounted volume meanwhile."""
        if isinstance(origin, Snapshot):
            files.clone(self.snapshots.image(origin.id), target)
            return
        source = self.volumes.image(origin.id)
        with self._still(origin, source):
            files.clone(source, target)

    @contextmanager
    def _still(self, volume: Volume, image: Path) -> Iterator[None]:
        device = self.device(volume)
        if device is None:
            yield
            return
        path = mounts.reachable(device)
        if path is None:
            raise FailedPrecondition(
                f"{volume.id} is attached to {device.path} but mounted nowhere, so it cannot be frozen"
            )
        started = time.monotonic()
        filesystem.flush(path, image)
        flushed = time.monotonic()
        with filesystem.frozen(path):
            yield
        blocked = time.monotonic() - flushed
        self._metrics.freeze(blocked)
        event("frozen", id=volume.id, flush_seconds=flushed - started, writers_blocked_seconds=blocked)

    def _recover(self) -> None:
        for volume in self.volumes.all():  # first: somebody's writers may be waiting
            path = mounts.reachable(self.device(volume))
            if path and filesystem.thaw(path):
                event("thawed", id=volume.id, path=path, reason="frozen when the driver died")
        for swept in (*self.volumes.sweep(), *self.snapshots.sweep()):
            event("swept", id=swept, reason="unfinished when the driver died")
