"""The pool: one XFS with reflink in a sparse file, which holds all images; and the promises made on its room.

A volume's whole size is promised when it is created, and a snapshot's allocated bytes when it is cut, because its volume
may be overwritten later. Nothing is promised that the pool, or the node's disk under the sparse file, could not keep:
a PVC is refused with the reason, rather than a running node losing writes.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plumbline_csi import files, filesystem, loop, mounts
from plumbline_csi.commands import CommandFailed
from plumbline_csi.errors import ResourceExhausted, StartError
from plumbline_csi.files import GIB, MIB
from plumbline_csi.filesystem import FsType
from plumbline_csi.logs import event

XFS_OVERHEAD = 0.05  # extent maps, reference counts and copy-on-write reservations grow with use
DISK_RESERVE_BYTES = 1 * GIB  # left to the rest of the node


@dataclass(frozen=True)
class Room:
    """What the pool can hold and what it has promised, in bytes."""

    pool_bytes: int  # what the pool's size allows
    disk_bytes: int  # what the node's disk under it allows
    committed_bytes: int

    @property
    def available_bytes(self) -> int:
        """What can still be promised."""
        return max(0, min(self.pool_bytes, self.disk_bytes) - self.committed_bytes)

    def refusal(self, asked: int) -> str:
        """Why so much cannot be promised, and what to do."""
        limit = (
            f"the pool holds {_mib(self.pool_bytes)}: raise POOL_GIB or delete volumes or snapshots"
            if self.pool_bytes <= self.disk_bytes
            else f"the node's disk leaves the pool {_mib(self.disk_bytes)}: free space on the disk, or delete volumes"
        )
        return (
            f"{_mib(asked)} asked, {_mib(self.available_bytes)} left: {_mib(self.committed_bytes)} are promised to "
            f"volumes and snapshots and {limit}"
        )


class Pool:
    """The mounted pool of one node."""

    def __init__(self, folder: Path, size_gib: int, committed: Callable[[], int]) -> None:
        """Open the pool in this folder, making or growing it first; `committed` counts what the records promise."""
        self.path = folder / "pool"
        self._file = folder / "pool.img"
        self._committed = committed
        self._reserved = 0
        self._ledger = threading.Lock()
        try:
            self._make(size_gib * GIB)
            self._mount()
            self._grow(size_gib * GIB)
        except (CommandFailed, OSError) as error:
            raise StartError(
                f"the pool {self._file} cannot be opened: {error}; it needs a kernel with XFS and loop devices, "
                "a privileged container and some free disk"
            ) from error

    @property
    def is_mounted(self) -> bool:
        """Whether the pool is there."""
        return mounts.at(self.path) is not None

    def used_bytes(self) -> int:
        """The bytes in use in the pool."""
        v = os.statvfs(self.path)
        return (v.f_blocks - v.f_bfree) * v.f_frsize

    def room(self) -> Room:
        """What the pool can hold and what it has promised now."""
        pool, disk = os.statvfs(self.path), os.statvfs(self._file.parent)
        return Room(
            pool_bytes=int(pool.f_blocks * pool.f_frsize * (1 - XFS_OVERHEAD)),
            disk_bytes=files.allocated_bytes(self._file) + disk.f_bavail * disk.f_frsize - DISK_RESERVE_BYTES,
            committed_bytes=self._committed() + self._reserved,
        )

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Promise so many bytes to an object until its record, which then counts, is written.

        Raises:
            ResourceExhausted: the pool or the disk under it has no room for them.
        """
        with self._ledger:
            room = self.room()
            if size > room.available_bytes:
                raise ResourceExhausted(room.refusal(size))
            self._reserved += size
        try:
            yield
        finally:
            with self._ledger:
                self._reserved -= size

    def close(self) -> None:
        """Unmount the pool; while volumes are mounted the kernel keeps it, and the next start finds it."""
        try:
            mounts.unmount(self.path)
        except CommandFailed:
            event("pool-kept", reason="volumes are mounted")

    def _make(self, size: int) -> None:
        if self._file.exists():
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        files.allocate_sparse(new, size)
        filesystem.make(new, FsType.XFS)
        files.sync(new)
        new.replace(self._file)
        files.sync(self._file.parent)
        event("pool-made", file=self._file, size_gib=size // GIB)

    def _mount(self) -> None:
        self.path.mkdir(exist_ok=True)
        if not self.is_mounted:
            with loop.attached(self._file) as device:
                mounts.mount(device, self.path, FsType.XFS, ("noatime", "discard"))

    def _grow(self, size: int) -> None:
        now = self._file.stat().st_size
        if size < now:
            event("pool-not-shrunk", size_gib=now // GIB, asked_gib=size // GIB, reason="an XFS cannot shrink")
        elif size > now:
            event("pool-grown", size_gib=size // GIB, from_gib=now // GIB)
            os.truncate(self._file, size)
        if device := loop.find(self._file):  # at every start, in case the last one died between the two steps
            filesystem.grow_mounted(device, str(self.path), FsType.XFS)


def _mib(size: int) -> str:
    return f"{size // MIB} MiB"
