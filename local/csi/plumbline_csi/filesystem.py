"""File systems in images: make, check, grow, freeze and thaw."""

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from plumbline_csi import files, loop
from plumbline_csi.commands import run
from plumbline_csi.files import MIB
from plumbline_csi.loop import LoopDevice

_FIFREEZE, _FITHAW = 0xC0045877, 0xC0045878
_CAP_SYS_RESOURCE = 24
_libc = ctypes.CDLL(None, use_errno=True)

# 4096-byte sectors and blocks keep direct I/O aligned on every disk; 64-bit extent counters would need Linux 5.19.
XFS_OPTIONS = ("-s", "size=4096", "-i", "nrext64=0", "-m", "reflink=1,rmapbt=0")
# A sparse image reads as zeros already: no inode table needs to be written, now or in the background.
EXT4_OPTIONS = ("-F", "-b", "4096", "-m", "0", "-E", "nodiscard,assume_storage_prezeroed=1")


class FsType(StrEnum):
    """The file systems that a volume can have."""

    EXT4 = "ext4"
    XFS = "xfs"

    @property
    def smallest_bytes(self) -> int:
        """The smallest volume (mkfs.xfs refuses less than 300 MiB)."""
        return 16 * MIB if self is FsType.EXT4 else 300 * MIB

    @property
    def mount_options(self) -> tuple[str, ...]:
        """The options of every mount; a copy has its origin's UUID, which XFS would otherwise refuse."""
        return ("noatime",) if self is FsType.EXT4 else ("noatime", "nouuid")


def make(image: Path, fs: FsType) -> None:
    """Write an empty file system that fills the image."""
    if fs is FsType.EXT4:
        run("mkfs.ext4", "-q", *EXT4_OPTIONS, str(image))
    else:
        run("mkfs.xfs", "-q", "-f", *XFS_OPTIONS, str(image))


def check(image: Path, fs: FsType) -> None:
    """Replay the journal and repair what is safe to repair; an XFS does so when it is mounted."""
    if fs is FsType.EXT4:
        run("e2fsck", "-p", str(image), ok=(0, 1))


def grow_image(image: Path, size: int) -> None:
    """Grow an ext4 that is not mounted, all or nothing: a copy is grown and then takes the image's place."""
    grown = image.with_suffix(".grown")
    files.clone(image, grown)
    os.truncate(grown, size)
    run("e2fsck", "-f", "-p", str(grown), ok=(0, 1))
    run("resize2fs", str(grown))
    files.sync(grown)
    grown.replace(image)
    files.sync(image.parent)


def grow_mounted(device: LoopDevice, path: str, fs: FsType) -> None:
    """Grow a mounted file system to the size of its image."""
    loop.refresh_size(device)
    if fs is FsType.EXT4:
        run("resize2fs", str(device.path))
    else:
        run("xfs_growfs", path)


def grows_mounted(fs: FsType) -> bool:
    """Whether this process may grow such a file system while it is mounted (ext4 demands CAP_SYS_RESOURCE)."""
    return fs is FsType.XFS or has_sys_resource()


def has_sys_resource() -> bool:
    """Whether this process has CAP_SYS_RESOURCE, which some hosts withhold even from privileged containers."""
    status = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> _CAP_SYS_RESOURCE & 1)


def flush(path: str, image: Path) -> None:
    """Write out a file system and its image while writers still run, so that a freeze has little left to write."""
    with _folder(path) as fd:
        _libc.syncfs(fd)  # a failure shows in the freeze, which syncs again
    files.sync(image)


@contextmanager
def frozen(path: str) -> Iterator[None]:
    """Hold a mounted file system still: all of it is on its device, and writers wait until the end.

    Source: https://man7.org/linux/man-pages/man8/fsfreeze.8.html
    """
    with _folder(path) as fd:
        fcntl.ioctl(fd, _FIFREEZE, struct.pack("i", 0))
    try:
        yield
    finally:
        thaw(path)


def thaw(path: str) -> bool:
    """Let the writers of a frozen file system go on; False when it was not frozen."""
    with _folder(path) as fd:
        try:
            fcntl.ioctl(fd, _FITHAW, struct.pack("i", 0))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return False
    return True


@contextmanager
def _folder(path: str) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)
