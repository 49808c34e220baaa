"""Loop devices: an image file seen as a block device, by the kernel's own calls.

A device is attached with autoclear, so the kernel frees it at the last unmount, or at once when this process dies before
the mount: nothing leaks. It is found again by the image's (device, inode), which no mount namespace or rename changes.
Source: https://man7.org/linux/man-pages/man4/loop.4.html
"""

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MAJOR = 7
CONTROL = Path("/dev/loop-control")
_GET_STATUS64, _SET_CAPACITY, _CONFIGURE, _CTL_GET_FREE = 0x4C05, 0x4C07, 0x4C0A, 0x4C82
_AUTOCLEAR, _DIRECT_IO = 4, 16
_INFO = struct.Struct("=QQQQQIIII64s64s32sQQ")  # struct loop_info64: device, inode, …, flags, file name, …
_CONFIG = struct.Struct(f"=II{_INFO.size}s64x")  # struct loop_config: file, block size, loop_info64, reserved
_ATTEMPTS = 64
# Answers of a device that was detached since the listing; any other error must not pass for "not attached".
_DETACHED = (errno.ENXIO, errno.ENOENT, errno.ENODEV)


@dataclass(frozen=True)
class LoopDevice:
    """One attached device."""

    index: int

    @property
    def path(self) -> Path:
        """Its node in /dev."""
        return Path(f"/dev/loop{self.index}")

    @property
    def number(self) -> str:
        """major:minor, as /proc/self/mountinfo names a mount's device."""
        return f"{MAJOR}:{self.index}"

    @property
    def device_id(self) -> int:
        """The st_dev of the files on it."""
        return os.makedev(MAJOR, self.index)


def find(image: Path) -> LoopDevice | None:
    """The device that the image is attached to, if any."""
    found = _open_attached(image)
    if not found:
        return None
    device, fd = found
    os.close(fd)
    return device


@contextmanager
def attached(image: Path) -> Iterator[LoopDevice]:
    """Attach the image, or take the device that has it already; held open until the caller has mounted it."""
    device, fd = _open_attached(image) or _attach(image)
    try:
        yield device
    finally:
        os.close(fd)


def refresh_size(device: LoopDevice) -> None:
    """Let the device see that its image has grown."""
    fd = _open(device, os.O_RDWR)
    try:
        fcntl.ioctl(fd, _SET_CAPACITY)
    finally:
        os.close(fd)


def _open_attached(image: Path) -> tuple[LoopDevice, int] | None:
    """The image's device, open: what is open cannot be cleared under the caller."""
    try:
        wanted = image.stat()
    except FileNotFoundError:
        return None
    for bound in Path("/sys/block").glob("loop*/loop/backing_file"):
        device = LoopDevice(int(bound.parent.parent.name.removeprefix("loop")))
        try:
            fd = _open(device, os.O_RDONLY)
        except OSError as error:
            if error.errno in _DETACHED:
                continue
            raise
        if _backing(fd) == (wanted.st_dev, wanted.st_ino):
            return device, fd
        os.close(fd)
    return None


def _backing(fd: int) -> tuple[int, int] | None:
    """(device, inode) of what an open loop device is attached to, None when it is not."""
    try:
        device, inode, *_ = _INFO.unpack(fcntl.ioctl(fd, _GET_STATUS64, bytes(_INFO.size)))
    except OSError as error:
        if error.errno in _DETACHED:
            return None
        os.close(fd)
        raise
    return device, inode


def _attach(image: Path) -> tuple[LoopDevice, int]:
    backing = os.open(image, os.O_RDWR)
    # Direct I/O: pages are cached once, in the volume's own file system, not again in the pool and below it.
    info = _INFO.pack(*(0,) * 8, _AUTOCLEAR | _DIRECT_IO, os.fsencode(image)[-63:], b"", b"", 0, 0)
    try:
        for _ in range(_ATTEMPTS):
            with CONTROL.open() as control:
                device = LoopDevice(fcntl.ioctl(control, _CTL_GET_FREE))
            fd = _open(device, os.O_RDWR)
            try:
                fcntl.ioctl(fd, _CONFIGURE, _CONFIG.pack(backing, 0, info))
            except OSError as error:
                os.close(fd)
                if error.errno != errno.EBUSY:  # GET_FREE reserves nothing: somebody else was faster
                    raise
            else:
                return device, fd
    finally:
        os.close(backing)
    raise OSError(errno.EBUSY, f"no free loop device after {_ATTEMPTS} attempts")


def _open(device: LoopDevice, mode: int) -> int:
    # A container's /dev is a tmpfs of its own: nodes that the kernel adds later are not in it.
    with suppress(FileExistsError):
        os.mknod(device.path, 0o660 | stat.S_IFBLK, os.makedev(MAJOR, device.index))
    return os.open(device.path, mode)
