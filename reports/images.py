"""Which images ran: a file in the run's folder, written by whoever brought the stack up and read when the run is put together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from plumbline.core.report_files import IMAGES
from reports.writers import files


def write(folder: Path, digests: Mapping[str, str]) -> None:
    """Keep the digest of each image that runs, by name and tag; whoever sees the same stack writes the same."""
    files.write(folder / IMAGES, json.dumps(dict(digests), indent=1, sort_keys=True) + "\n")


def read(folder: Path | None) -> dict[str, str]:
    """Return what was kept in a run's folder, nothing where nothing was."""
    if folder is None or not (folder / IMAGES).exists():
        return {}
    found: dict[str, str] = json.loads((folder / IMAGES).read_text())
    return found
