"""Pinned tools in ``.plumbline/bin``: built like everything else, linked from the cache."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from plumbline.core import events, state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.images import apt, npm, pull, wheels, workshop
from plumbline.images.content import key_of
from plumbline.images.workshop import Workshop

FILE = "local/programs/tools.toml"


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: what it is called.
        version: its version.
        program: the Go program that it is a binary of, or
        suite: the Debian suite of
        package: the package that it is in, and
        file: its path there; or
        npm: the npm package that it is the program of, pinned in the folder of that name beside this file; or
        pypi: the Python package that it is the program of, pinned with what it needs in the file of that name in requirements/.
    """

    name: str
    version: str
    program: str = ""
    suite: str = ""
    package: str = ""
    file: str = ""
    npm: str = ""
    pypi: str = ""


@cache
def load(root: Path) -> Mapping[str, Tool]:
    """Return the pinned tools of a checkout, by name."""
    tables = state.read_toml(root / FILE, FILE)
    return {name: Tool(name, **table) for name, table in tables.items()}


def ensure(paths: Paths, *names: str) -> Path:
    """Have the named tools (default: all) in ``.plumbline/bin``, and return that folder."""
    for name in names or load(paths.root):
        tool(paths, name)
    return paths.bin


def tool(paths: Paths, name: str) -> Path:
    """Return a pinned tool: as pulled with the standing stack's images, else built or fetched if needed."""
    known = load(paths.root)
    if name not in known:
        raise ConfigError(f"{name} is no pinned tool; {FILE} has {', '.join(known)}")
    shop = workshop.of(paths)
    link = paths.bin / name
    target = pull.program(paths, name) or kept(shop, known[name])
    if not target.exists():
        with events.phase("tools", name):
            _make(shop, known[name], target)
    if not (link.is_symlink() and link.readlink() == target):
        paths.bin.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f".{name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
    return link


def kept(shop: Workshop, wanted: Tool) -> Path:
    """Return where a tool is, or will be, in the cache."""
    if wanted.program:
        return shop.go.built(shop.programs[wanted.program]) / wanted.name
    if wanted.npm:
        key = key_of(npm.key(_package(shop, wanted)), sha256_of(_node(shop)))
        return shop.store.path("bin", f"{wanted.npm}-{key[:16]}", wanted.name)
    if wanted.pypi:
        key = key_of(sha256_of(_requirements(shop, wanted)), sys.version, sys.base_prefix)
        return shop.store.path("bin", f"{wanted.pypi}-{key[:16]}", wanted.name)
    key = key_of(
        wanted.suite, wanted.package, wanted.file, wanted.version, shop.debian_lock.of(wanted.suite, [wanted.package])
    )
    return shop.store.path("bin", f"{wanted.package}-{key[:16]}", wanted.name)


def _make(shop: Workshop, wanted: Tool, target: Path) -> None:
    if wanted.program:
        shop.go.build(shop.programs[wanted.program])
        return
    if wanted.npm:
        _install(shop, wanted, target)
        return
    if wanted.pypi:
        _settle(shop, wanted, target)
        return
    (deb,) = shop.debs(wanted.suite, [wanted.package])
    if not deb.version.startswith(wanted.version):
        text = f"{wanted.name} is {deb.version} in Debian {wanted.suite}, {FILE} expects {wanted.version}"
        events.emit("tools", "warning", text=text)
    with shop.store.scratch() as folder:
        apt.unpack([deb], folder)
        with shop.store.making(target.parent) as made:
            made.mkdir()
            (folder / wanted.file).rename(made / wanted.name)


def _install(shop: Workshop, wanted: Tool, target: Path) -> None:
    """Install an npm package, and write the program that runs it with the Node that Helios runs on, too."""
    node = wheels.toolchain(shop.store, _node(shop))
    with shop.store.making(target.parent) as made:
        made.mkdir()
        package = npm.install(_package(shop, wanted), made, node) / wanted.npm
        main = json.loads((package / "package.json").read_text())["bin"]
        _write_launcher(made / wanted.name, node / npm.NODE, target.parent / package.relative_to(made) / main)


def _settle(shop: Workshop, wanted: Tool, target: Path) -> None:
    """Install a Python package in an environment of its own, and write the program that runs it there."""
    with shop.store.making(target.parent) as made:
        made.mkdir()
        programs = wheels.environment(_requirements(shop, wanted), made / "environment")
        at = target.parent / programs.relative_to(made)
        _write_launcher(made / wanted.name, at / "python", "-I", at / wanted.name)


def _write_launcher(file: Path, *argv: str | Path) -> None:
    """Write a program that runs another one with the arguments that it is given."""
    file.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, argv))} "$@"\n')
    file.chmod(0o755)


def _package(shop: Workshop, wanted: Tool) -> Path:
    return shop.paths.local / "programs" / wanted.npm


def _requirements(shop: Workshop, wanted: Tool) -> Path:
    return shop.paths.root / "requirements" / f"{wanted.pypi}.txt"


def _node(shop: Workshop) -> Path:
    """Return the file that pins the wheel with Node and npm."""
    return shop.paths.local / "images" / "helios-base" / "requirements.txt"
