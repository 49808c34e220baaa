"""Go programs: pinned by a wrapper module with checksums each, built once, static and without paths of this machine."""

from __future__ import annotations

import re
import shutil
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from plumbline.core import events, shell
from plumbline.core.errors import ConfigError
from plumbline.images import fetching, wheels
from plumbline.images.content import Store, discard, key_of

FILE = "program.toml"
SERIES = "1.26"
_BUILD_WITHIN_S = 3600.0
_LIST_WITHIN_S = 600.0
_TELL_EVERY_S = 15.0
_FLAGS = ("-trimpath", "-buildvcs=false")
_STRIP = "-s -w"


@dataclass(frozen=True)
class Program:
    """One Go module that we build programs from; its folder holds the pin (go.mod, go.sum).

    Attributes:
        name: the folder's name.
        folder: where the pin is.
        module: the module's path.
        version: its version.
        source: where it is developed.
        license: its licence, as SPDX names it.
        mains: name of the binary -> its package.
        tags: build tags.
        ldflags: what the linker sets, mostly the version (a wrapper's build information names the wrapper).
        staging: version of the Kubernetes modules that upstream replaces by folders of its own repository; they are taken
            at this version. Used when the pin is renewed.
        replace: upstream's other replacements, as go.mod writes them; used when the pin is renewed.
        godebug: go.mod's godebug line, as upstream has it; used when the pin is renewed.
        go: the series of Go that it is built with.
    """

    name: str
    folder: Path
    module: str
    version: str
    source: str
    license: str
    mains: Mapping[str, str]
    tags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()
    staging: str = ""
    replace: tuple[str, ...] = ()
    godebug: str = ""
    go: str = SERIES

    @cached_property
    def sums(self) -> dict[str, str]:
        """Checksums of go.sum: "module@version" -> "h1:…"."""
        rows = (line.split() for line in (self.folder / "go.sum").read_text().splitlines())
        return {f"{module}@{version}": checksum for module, version, checksum in rows}

    @property
    def sum(self) -> str:
        """The module's own checksum."""
        return self.sums[f"{self.module}@{self.version}"]

    def pin(self) -> str:
        """Return the text of both files that pin the program."""
        return (self.folder / "go.mod").read_text() + (self.folder / "go.sum").read_text()


@cache
def load(folder: Path) -> dict[str, Program]:
    """Return all programs below ``folder``, by name."""
    return {file.parent.name: parse(file) for file in sorted(folder.glob(f"*/{FILE}"))}


def parse(file: Path) -> Program:
    """Return the program in ``file``, refusing what is missing or unknown."""
    where = f"{file.parent.parent.name}/{file.parent.name}/{file.name}"
    try:
        table = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: it is not valid TOML: {error}") from None
    known = {item.name for item in fields(Program)} - {"name", "folder"}
    if unknown := sorted(set(table) - known):
        raise ConfigError(f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    if missing := sorted({"module", "version", "source", "license", "mains"} - set(table)):
        raise ConfigError(f"{where}: {', '.join(missing)} is missing")
    for key in ("tags", "ldflags", "replace"):
        table[key] = tuple(text.replace("{version}", table["version"]) for text in table.get(key, ()))
    return Program(name=file.parent.name, folder=file.parent, **table)


@dataclass
class Go:
    """The Go toolchains, one for each series, and what was built with them.

    Attributes:
        store: where binaries are kept.
        pins: the folder with the toolchains' own pins.
        architecture: what is built for, as Go names it.
    """

    store: Store
    pins: Path
    architecture: str
    _toolchains: dict[str, Path] = field(default_factory=dict)
    _versions: dict[str, str] = field(default_factory=dict)

    def toolchain(self, series: str) -> Path:
        """Return the ``go`` program of a series: the machine's own if it is of that, else the pinned one from PyPI."""
        if series not in self._toolchains:
            self._toolchains[series] = self._own(series) or self._pinned(series)
        return self._toolchains[series]

    def version(self, series: str) -> str:
        """Return the version of a series' toolchain, like "go1.26.8"."""
        if series not in self._versions:
            argv = (str(self.toolchain(series)), "env", "GOVERSION")
            self._versions[series] = shell.run(argv, within_s=30, env=self.env).stdout.strip()
        return self._versions[series]

    @staticmethod
    def _own(series: str) -> Path | None:
        own = shutil.which("go")
        if own and f"go{series}." in shell.run([own, "version"], within_s=30, env={"GOTOOLCHAIN": "local"}).stdout:
            return Path(own)
        return None

    def _pinned(self, series: str) -> Path:
        folder = wheels.toolchain(self.store, self.pins / f"go-{series}.txt")
        return next(path for path in (folder / "go" / "bin" / "go", folder / "bin" / "go") if path.exists())

    @property
    def _cache(self) -> Path:
        return self.store.path("go-build")

    def drop_cache(self) -> None:
        """Remove what was compiled on the way (gigabytes): what is built stays, what is built next takes longer."""
        discard(self._cache)

    @cached_property
    def env(self) -> dict[str, str]:
        """Environment of every build: nothing of the machine's own flags, no other toolchain, no workspace, our own cache."""
        return {
            "CGO_ENABLED": "0",
            "GOCACHE": str(self._cache),
            "GOFLAGS": "",
            "GOOS": "linux",
            "GOARCH": self.architecture,
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }

    def key(self, program: Program) -> str:
        """Return the key of the program's pins and settings, and of the toolchain."""
        made_from = (program.module, program.version, dict(program.mains), program.tags, program.ldflags, program.pin())
        return key_of("go", made_from, self.version(program.go), self.architecture, _FLAGS, _STRIP)

    def built(self, program: Program) -> Path:
        """Return the folder of the program's binaries (made by :meth:`build`)."""
        return self.store.path("bin", f"{program.name}-{self.key(program)[:16]}")

    def build(self, program: Program) -> Path:
        """Build all binaries of the program, if that was not done, and return their folder."""
        target = self.built(program)
        if target.is_dir():
            return target
        with self.store.scratch() as module, self.store.making(target) as out:
            for name in ("go.mod", "go.sum"):
                shutil.copy(program.folder / name, module / name)
            out.mkdir()
            what = f"{program.module}@{program.version}"
            # One call for all: Go compiles what they share once, and links them side by side.
            argv: list[str | Path] = [self.toolchain(program.go), "build", "-v", *_FLAGS, *self._tags(program)]
            argv += ["-ldflags", " ".join((_STRIP, *program.ldflags)), "-o", f"{out}/", *program.mains.values()]
            fetching.run(
                argv, what, within_s=_BUILD_WITHIN_S, env=self.env, cwd=module, on_line=_Progress(program.name)
            )
            for name, built in self._names(program, module).items():
                (out / built).rename(out / name)
        return target

    def _names(self, program: Program, module: Path) -> dict[str, str]:
        """Return what Go calls each binary (a module's root is called after a path element, not after the program)."""
        form = "{{.ImportPath}} {{.Target}}"
        argv: list[str | Path] = [self.toolchain(program.go), "list", *self._tags(program), "-f", form]
        listed = shell.run([*argv, *program.mains.values()], within_s=_LIST_WITHIN_S, env=self.env, cwd=module).stdout
        names = {package: Path(target).name for package, target in (line.split() for line in listed.splitlines())}
        return {name: names[package] for name, package in program.mains.items()}

    @staticmethod
    def _tags(program: Program) -> tuple[str, str]:
        return "-tags", ",".join(program.tags)

    def components(self, program: Program, binaries: set[str]) -> list[dict[str, Any]]:
        """Return the modules that the binaries were linked from, by their own build information."""
        found: dict[str, dict[str, Any]] = {}
        for binary in sorted(binaries):
            argv = (self.toolchain(program.go), "version", "-m", self.built(program) / binary)
            text = shell.run(argv, within_s=60, env=self.env).stdout
            found.update({entry["bom-ref"]: entry for entry in modules_of(text)})
        return list(found.values())


class _Progress:
    """Tells from the lines of a Go build how far it is, every few seconds."""

    def __init__(self, name: str) -> None:
        self.name, self.fetched, self.compiled = name, 0, 0
        self.told = time.monotonic()

    def __call__(self, line: str) -> None:
        if line.startswith("go: downloading "):
            self.fetched += 1
        elif "/" in line and " " not in line:
            self.compiled += 1
        if time.monotonic() - self.told >= _TELL_EVERY_S:
            self.told = time.monotonic()
            text = f"{self.name}: {self.fetched} modules fetched, {self.compiled} packages compiled"
            events.emit(
                "images", "progress", text=text, program=self.name, fetched=self.fetched, compiled=self.compiled
            )


def modules_of(text: str) -> list[dict[str, Any]]:
    """Read the modules that ``go version -m`` prints; a replaced module is the one that took its place."""
    entries: list[dict[str, Any]] = []
    for line in text.splitlines():
        row = re.split(r"\s+", line.strip())
        if row[0] == "=>" and entries:
            entries[-1] = component(row[1], row[2], row[3] if len(row) > 3 else "")
        elif row[0] == "dep" and len(row) >= 3:
            entries.append(component(row[1], row[2], row[3] if len(row) > 3 else ""))
        elif row[0].endswith(":") and len(row) == 2 and row[1].startswith("go"):
            entries.append(component("std", row[1].removeprefix("go"), ""))
    return entries


def component(module: str, version: str, checksum: str) -> dict[str, Any]:
    """Return a Go module as a component of a bill of materials."""
    url = f"pkg:golang/{module}@{version}"
    entry: dict[str, Any] = {"type": "library", "bom-ref": url, "name": module, "version": version, "purl": url}
    if checksum:
        entry["properties"] = [{"name": "plumbline:go.sum", "value": checksum}]
    return entry
