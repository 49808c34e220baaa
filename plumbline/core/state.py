"""State on disk: JSON, written so that a reader never sees half of it."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from plumbline.core.errors import ConfigError


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` to ``path`` atomically: a crash leaves the old content or the new, never a mixture."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write ``text`` to ``path`` atomically, with the permission bits ``mode``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def append_json(path: Path, entry: Any, *, kept: int) -> None:
    """Add an entry to the list at ``path``, of which the latest ``kept`` stay."""
    write_json(path, [*(read_json(path) or []), entry][-kept:])


def sweep(folder: Path) -> None:
    """Remove what writes that were cut short have left in a folder; nobody else may be writing there."""
    for left in folder.glob(".*.json.*"):
        left.unlink(missing_ok=True)


def read_toml(path: Path, named: str) -> dict[str, Any]:
    """Return the tables of a file that people write, called ``named`` in errors.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{named} cannot be read ({error.strerror}): put it right") from None
    except ValueError as error:
        raise ConfigError(f"{named} is not valid TOML: {error}") from None


def read_json(path: Path) -> Any | None:
    """Return the value stored at ``path``, or None where there is none or it is not JSON (then it is not ours)."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
