"""Pinned Go modules as folders of files: fetched by Go, and held to the committed checksums."""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from plumbline.core.errors import ChecksumMismatch, ConfigError
from plumbline.images import fetching, golang

_WITHIN_S = 600.0


class Modules:
    """The modules that the committed go.mod and go.sum files pin, and their files."""

    def __init__(self, pins: Path, go: golang.Go) -> None:
        """Read pins from the folders below ``pins``; fetch with ``go``."""
        self._pins, self._go = pins, go

    @cached_property
    def _sums(self) -> dict[str, str]:
        rows = [line.split() for file in sorted(self._pins.glob("*/go.sum")) for line in file.read_text().splitlines()]
        return {
            f"{module}@{version}": checksum for module, version, checksum in rows if not version.endswith("/go.mod")
        }

    @cached_property
    def _about(self) -> dict[str, tuple[str, str]]:
        """Version of each module that a pin is about (a requirement on a line of its own), and the series of Go that it wants."""
        found = {}
        for file in sorted(self._pins.glob("*/go.mod")):
            text = file.read_text()
            (series,) = re.findall(r"^go (\d+\.\d+)", text, re.MULTILINE)
            for module, version in re.findall(r"^require (\S+) (\S+)$", text, re.MULTILINE):
                found[module] = version, series
        return found

    def version(self, module: str) -> str:
        """Return the pinned version of a module; one that is named with its version keeps it."""
        name, _, given = module.partition("@")
        if given:
            return given
        if name not in self._about:
            raise ConfigError(
                f"no go.mod file in {self._pins.name}/ is about {name}: name it with its version, or pin it there"
            )
        return self._about[name][0]

    def sum(self, module: str) -> str:
        """Return the committed checksum of a module."""
        pinned = f"{module.partition('@')[0]}@{self.version(module)}"
        if pinned not in self._sums:
            raise ConfigError(f"no go.sum file in {self._pins.name}/ holds a checksum of {pinned}: pin it there")
        return self._sums[pinned]

    @cache  # noqa: B019  (lives as long as the process, as its workshop does)
    def folder(self, module: str) -> Path:
        """Return the folder of a module's files, fetched if needed.

        Raises:
            ModuleUnavailable: it cannot be had.
            ChecksumMismatch: what was fetched is not what the committed go.sum says.
        """
        name = module.partition("@")[0]
        pinned = f"{name}@{self.version(module)}"
        expected = self.sum(module)
        _, series = self._about.get(name, ("", golang.SERIES))
        argv: list[str | Path] = [self._go.toolchain(series), "mod", "download", "-json", pinned]
        said = fetching.run(argv, pinned, within_s=_WITHIN_S, env=self._go.env, cwd=self._pins).stdout
        answer = json.loads(said[said.index("{") : said.rindex("}") + 1])  # progress is printed before it
        if answer["Sum"] != expected:
            raise ChecksumMismatch(pinned, expected=expected, actual=answer["Sum"])
        return Path(answer["Dir"])

    def file(self, module: str, path: str) -> Path:
        """Return one file of a module."""
        file = self.folder(module) / path
        if not file.is_file():
            raise ConfigError(f"{module}@{self.version(module)} has no file {path}: look where this version keeps it")
        return file

    def component(self, module: str) -> dict[str, Any]:
        """Return a module as a component of a bill of materials."""
        return golang.component(module.partition("@")[0], self.version(module), self.sum(module))
