"""Pinned tools in ``.plumbline/bin``: built like everything else, linked from the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from plumbline.core import events, state
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.images import apt, pull, workshop
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
        file: its path there.
    """

    name: str
    version: str
    program: str = ""
    suite: str = ""
    package: str = ""
    file: str = ""


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
    key = key_of(
        wanted.suite, wanted.package, wanted.file, wanted.version, shop.debian_lock.of(wanted.suite, [wanted.package])
    )
    return shop.store.path("bin", f"{wanted.package}-{key[:16]}", wanted.name)


def _make(shop: Workshop, wanted: Tool, target: Path) -> None:
    if wanted.program:
        shop.go.build(shop.programs[wanted.program])
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
