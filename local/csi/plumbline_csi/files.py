"""Files: durable writes, sizes, and the clone of a file by reflink."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

MIB, GIB = 1 << 20, 1 << 30
_FICLONE = 0x40049409


def clone(source: Path, target: Path) -> None:
    """Copy a file by sharing its blocks: milliseconds, whatever its size.

    Source: https://man7.org/linux/man-pages/man2/ioctl_ficlone.2.html
    """
    with source.open("rb") as origin, target.open("wb") as copy:
        fcntl.ioctl(copy, _FICLONE, origin.fileno())


def allocate_sparse(path: Path, size: int) -> None:
    """Make an empty file of a size that takes no room yet."""
    with path.open("wb") as file:
        file.truncate(size)


def allocated_bytes(path: Path) -> int:
    """The bytes that a sparse file really takes."""
    return path.stat().st_blocks * 512


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file so that a crash leaves the old or the new one, whole and on the disk."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content))
    sync(new)
    new.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, are on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
