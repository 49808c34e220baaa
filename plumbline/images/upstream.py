"""Files of pinned upstream modules (CRDs, protocol files), read from Go's module cache and never copied into the repository."""

from __future__ import annotations

from pathlib import Path

from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.images import workshop


def module_version(paths: Paths, module: str) -> str:
    """Return the version of a pinned module."""
    return workshop.of(paths).upstream.version(module)


def module_folder(paths: Paths, module: str) -> Path:
    """Return the folder of a pinned module's files, fetched and verified if needed."""
    return workshop.of(paths).upstream.folder(module)


def module_file(paths: Paths, module: str, path: str) -> Path:
    """Return one file of a pinned module."""
    return workshop.of(paths).upstream.file(module, path)


def module_files(paths: Paths, module: str, folder: str, pattern: str) -> list[Path]:
    """Return the files in a folder of a pinned module whose names match ``pattern``, sorted.

    Raises:
        ConfigError: there is none.
    """
    files = sorted((module_folder(paths, module) / folder).glob(pattern))
    if not files:
        raise ConfigError(f"{module} has no files {folder}/{pattern}: look where this version keeps them")
    return files
