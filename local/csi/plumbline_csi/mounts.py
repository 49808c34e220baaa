"""The mount table and its changes. What is mounted is read from the kernel each time: a record can be stale, it cannot.

Source: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plumbline_csi.commands import run
from plumbline_csi.loop import LoopDevice

_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line of the mount table."""

    path: str
    device: str  # major:minor
    read_only: bool


def table() -> list[Mount]:
    """All mounts that this process sees, lower ones first."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    return [_parse(line) for line in lines]


def at(path: str | Path) -> Mount | None:
    """The uppermost mount at exactly this path."""
    return next((m for m in reversed(table()) if m.path == str(path)), None)


def of(device: LoopDevice | None) -> list[Mount]:
    """All mounts of a device (bind mounts included)."""
    return [m for m in table() if device and m.device == device.number]


def reachable(device: LoopDevice | None) -> str | None:
    """A path at which the device's file system can be opened (not one that a later mount covers)."""
    return next((m.path for m in of(device) if device and os.stat(m.path).st_dev == device.device_id), None)


def mount(device: LoopDevice, path: str | Path, fs_type: str, options: Sequence[str]) -> None:
    """Mount a device's file system."""
    run("mount", "-t", fs_type, "-o", ",".join(options), "--", str(device.path), str(path))


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Show a mounted folder at a second path."""
    run("mount", "-o", "bind,ro" if read_only else "bind", "--", source, target)


def unmount(path: str | Path) -> None:
    """Unmount everything that is mounted at exactly this path."""
    while at(path):
        run("umount", "--", str(path))


def _parse(line: bytes) -> Mount:
    fields = line.split(b" ")
    path = _ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), fields[4])
    return Mount(os.fsdecode(path), fields[2].decode(), b"ro" in fields[5].split(b","))
