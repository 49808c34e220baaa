"""Kinds of parts that images are made of: to add a kind, add a class and name it here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline.core.errors import ConfigError
from plumbline.images.parts.base import Part
from plumbline.images.parts.compiled import CPart, GoPart
from plumbline.images.parts.debian import DebPart, OsFilesPart, OsPart
from plumbline.images.parts.files import FilesPart, FolderPart, ModulePart
from plumbline.images.parts.npm import NpmPart
from plumbline.images.parts.python import PipPart, SourcePart, StubsPart, WheelPart

KINDS: dict[str, type[Part]] = {
    kind.kind: kind
    for kind in (
        GoPart,
        CPart,
        OsPart,
        OsFilesPart,
        DebPart,
        FilesPart,
        FolderPart,
        ModulePart,
        NpmPart,
        PipPart,
        SourcePart,
        StubsPart,
        WheelPart,
    )
}


def parse(table: Mapping[str, Any], folder: Path) -> Part:
    """Return the part that a recipe in ``folder`` describes by ``table``."""
    kind = table.get("kind")
    if kind not in KINDS:
        raise ConfigError(f'part kind "{kind}" is unknown; known are {", ".join(sorted(KINDS))}')
    return KINDS[kind].parse({key: value for key, value in table.items() if key != "kind"}, folder)
