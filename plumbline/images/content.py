"""Content keys, and a store in which a thing is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plumbline.core.checksum import sha256_of

IGNORED = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
SHORT = 12


def key_of(*parts: Any) -> str:
    """Return the key of the given data: equal data, equal key, whatever the order of mappings."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def key_of_tree(folder: Path) -> str:
    """Return the key of a folder's content: names, executable bits and bytes of its files; not their times."""
    return key_of(
        [(str(file.relative_to(folder)), os.access(file, os.X_OK), sha256_of(file)) for file in files_of(folder)]
    )


def files_of(folder: Path) -> Iterable[Path]:
    """Yield the files below ``folder`` in a fixed order, leaving out what tools drop beside sources."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part in IGNORED for part in path.relative_to(folder).parts):
            yield path


class Store:
    """The cache folder: results named by the key of what they are made from."""

    def __init__(self, root: Path) -> None:
        """Keep the store in ``root``; it is made when something is put into it."""
        self.root = root

    def path(self, *names: str) -> Path:
        """Return where a thing of that name is, or will be."""
        return self.root.joinpath(*names)

    @contextmanager
    def making(self, target: Path) -> Iterator[Path]:
        """Yield a path to make ``target`` at; it takes its place only when the block ended well.

        The temporary name carries our process id, so that what a killed process left can be told and removed.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.root / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        made = scratch / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            yield made
            if target.is_dir():
                return  # somebody else made the same thing meanwhile: equal key, equal content
            made.replace(target)
        finally:
            discard(made)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield an empty folder that is gone afterwards."""
        folder = self.root / "tmp" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            discard(folder)

    def sweep(self) -> None:
        """Remove what processes that are gone left half-made."""
        for left in (self.root / "tmp").glob("*"):
            pid = left.name.partition("-")[0]
            if not (pid.isdigit() and Path("/proc", pid).exists()):
                discard(left)


def discard(path: Path) -> None:
    """Remove a file or folder, present or not; read-only folders (as Go's module cache has) too."""
    if path.is_dir() and not path.is_symlink():

        def writable_first(_function: Any, name: str, _error: BaseException) -> None:
            os.chmod(Path(name).parent, 0o755)
            os.chmod(name, 0o755)
            os.unlink(name)

        shutil.rmtree(path, onexc=writable_first)
    else:
        path.unlink(missing_ok=True)
