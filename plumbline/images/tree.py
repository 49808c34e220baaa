"""A tree of files to be: what a layer or a folder will hold, and its one way into a tar file."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from plumbline.images.content import files_of

EPOCH = 1767225600  # 2026-01-01: the one time of every file, so that equal content is an equal layer


@dataclass(frozen=True)
class Entry:
    """One file: bytes, or a file to take them from, or the target of a symbolic link."""

    source: Path | bytes
    mode: int = 0o644
    link: bool = False


@dataclass
class Tree:
    """Files by their absolute path in the image; folders come by themselves.

    Attributes:
        entries: the files and links.
        folders: folders that are wanted though empty, or with a mode other than 0755.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, source: Path | bytes, mode: int | None = None) -> None:
        """Put a file at ``path``; without a ``mode`` it is executable if its source is."""
        if mode is None:
            mode = 0o755 if isinstance(source, Path) and os.access(source, os.X_OK) else 0o644
        self.entries[_clean(path)] = Entry(source, mode)

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link at ``path``."""
        self.entries[_clean(path)] = Entry(target.encode(), 0o777, link=True)

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Have a folder at ``path``."""
        self.folders[_clean(path)] = mode

    def add_folder(self, path: str, folder: Path) -> None:
        """Put all files below ``folder`` under ``path``."""
        for file in files_of(folder):
            self.add(str(PurePosixPath(path) / file.relative_to(folder).as_posix()), file)

    def update(self, other: Tree) -> None:
        """Lay ``other`` over this tree."""
        self.entries.update(other.entries)
        self.folders.update(other.folders)

    def write(self, tar: tarfile.TarFile, present: Container[str] = ()) -> None:
        """Append everything to ``tar``, in a fixed order with fixed owners and times; folders that are ``present`` are there already."""
        parents = {name for name in _parents(self.entries) | _parents(self.folders) if name not in present}
        folders = dict.fromkeys(parents, 0o755) | self.folders
        names = sorted([*folders, *self.entries], key=lambda name: name.split("/"))
        for name in names:
            info = tarfile.TarInfo(name)
            info.mtime = EPOCH
            if name in self.entries:
                _write_entry(tar, info, self.entries[name])
            else:
                info.type, info.mode = tarfile.DIRTYPE, folders[name]
                tar.addfile(info)


def _write_entry(tar: tarfile.TarFile, info: tarfile.TarInfo, entry: Entry) -> None:
    info.mode = entry.mode
    if entry.link:
        assert isinstance(entry.source, bytes)
        info.type, info.linkname = tarfile.SYMTYPE, entry.source.decode()
        tar.addfile(info)
    elif isinstance(entry.source, bytes):
        info.size = len(entry.source)
        tar.addfile(info, io.BytesIO(entry.source))
    else:
        info.size = entry.source.stat().st_size
        with entry.source.open("rb") as content:
            tar.addfile(info, content)


def _parents(paths: dict[str, Entry] | dict[str, int]) -> set[str]:
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents if str(parent) != "."}


def _clean(path: str) -> str:
    return str(PurePosixPath(path).relative_to("/")) if path.startswith("/") else str(PurePosixPath(path))
