"""Mistakes that people make in files: a text is replaced by another, or added. Each table beside this module registers its own.

A table says in ``below`` which folder of the checkout it is about. Its rows are ``[CONTROL.name-of-the-mistake]`` with

- ``summary``: what is wrong, in one sentence;
- ``file``: where, below that folder; ``old`` and ``new``: the text and what takes its place, once; or ``added``: what is appended;
- ``names``: what the failure must name; where it is left out, the chart that the file is of, else the file;
- ``check``: where a control consists of several checks, the one that must notice;
- ``green``: controls that must stay green.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from plumbline.core import state
from plumbline.core.errors import UsageError
from plumbline.faults.registry import Mutate, mutation


def _replace(file: Path, old: str, new: str) -> None:
    """Replace a text in a file where it stands first.

    Raises:
        UsageError: it does not stand there.
    """
    text = file.read_text()
    if old not in text:
        raise UsageError(
            f'{file.parent.name}/{file.name} has no "{old}": the mistake must follow what was changed there'
        )
    file.write_text(text.replace(old, new, 1))


def _mistake(below: str, row: Mapping[str, Any]) -> Mutate:
    """Return what makes a mistake in a copy of the checkout."""

    def mutate(copy: Path) -> None:
        file = copy / below / row["file"]
        if "added" in row:
            file.write_text(file.read_text() + row["added"])
        else:
            _replace(file, row["old"], row["new"])

    mutate.__doc__ = row["summary"]
    return mutate


def _owner(file: str) -> str:
    """Return the folder of the chart that a file is of, or else the file."""
    parts = PurePath(file).parts
    return "/".join(parts[:2]) if parts[0] == "charts" else file


def _register(table: Path) -> None:
    tables = state.read_toml(table, table.name)
    below = tables.pop("below")
    for control, rows in tables.items():
        for name, row in rows.items():
            rest = {key: row[key] for key in ("check", "green") if key in row}
            injured = row.get("names") or _owner(row["file"])
            mutation(name, breaks=control, injured=injured, **rest)(_mistake(below, row))


for _table in sorted(Path(__file__).parent.glob("*.toml")):
    _register(_table)
