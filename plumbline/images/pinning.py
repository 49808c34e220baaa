"""Renewing pins: the only place where versions are resolved; builds take what is committed."""

from __future__ import annotations

import re
from pathlib import Path

from plumbline.core import events, state
from plumbline.core.paths import Paths
from plumbline.images import fetching, lock, native, pull, tools, workshop
from plumbline.images.debian_lock import SYSTEM
from plumbline.images.golang import Program
from plumbline.images.parts.debian import DebPart
from plumbline.images.workshop import Workshop

_TIDY_WITHIN_S = 1200.0
_STAGED = re.compile(r"^\t?(?:replace )?(k8s\.io/[a-z-]+) => \./staging", re.MULTILINE)


def renew(paths: Paths, mirror: str | None = None) -> None:
    """Write the image lock, the Debian lock, and the go.mod and go.sum files of programs whose module or version changed.

    Args:
        paths: the checkout.
        mirror: URL of a registry whose digests are recorded.
    """
    shop = workshop.of(paths)
    for program in shop.programs.values():
        if f"require {program.module} {program.version}\n" not in _read(program.folder / "go.mod"):
            with events.phase("images", f"pin {program.name}"):
                pin(shop, program)
    record_debian(shop)
    digests = pull.digests(paths, mirror) if mirror else {}
    (paths.root / lock.FILE).write_text(lock.renewed(lock.load(paths.root), shop, digests))


def pin(shop: Workshop, program: Program) -> None:
    """Resolve a program's dependencies and write its go.mod and go.sum."""
    with shop.store.scratch() as module:
        (module / "go.mod").write_text(wrapper(program, _staged(shop) if program.staging else []))
        imports = "".join(f'\t_ "{package}"\n' for package in program.mains.values())
        (module / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\nimport (\n{imports})\n")
        what = f"{program.module}@{program.version}"
        argv = (shop.go.toolchain(program.go), "mod", "tidy")
        fetching.run(argv, what, within_s=_TIDY_WITHIN_S, env=shop.go.env, cwd=module)
        for name in ("go.mod", "go.sum"):
            state.write_text(program.folder / name, (module / name).read_text())


def wrapper(program: Program, staged: list[str]) -> str:
    """Return the go.mod file of a module that only requires the program's.

    Replacements of a required module do not count in Go, so upstream's are written out: without them other versions are built.
    """
    lines = [f"module plumbline.local/build/{program.name}", "", f"go {program.go}.0"]
    lines += ["", f"godebug {program.godebug}"] if program.godebug else []
    lines += ["", f"require {program.module} {program.version}", ""]
    lines += [f"replace {name} => {name} {program.staging}" for name in staged]
    lines += [f"replace {line}" for line in program.replace]
    return "\n".join(lines) + "\n"


def record_debian(shop: Workshop) -> None:
    """Write which Debian packages are in use now, where they were fetched on this machine."""
    recorded = dict(shop.debian_lock.sections)
    if used := shop.debian_used(SYSTEM):
        recorded[SYSTEM] = used
    for suite, packages in single_packages(shop).items():
        fetched = shop.debian_used(suite)
        known = {**recorded.get(suite, {}), **fetched}
        recorded[suite] = {name: known[name] for name in sorted(packages) if name in known}
    state.write_json(shop.debian_lock.file, recorded)


def single_packages(shop: Workshop) -> dict[str, set[str]]:
    """Return the packages that recipes and tools take files from, by suite."""
    found: dict[str, set[str]] = {native.SUITE: set(native.PACKAGES)}
    for recipe in shop.recipes.values():
        for part in recipe.parts:
            if isinstance(part, DebPart):
                found.setdefault(part.suite, set()).update(part.packages)
    for tool in tools.load(shop.paths.root).values():
        if tool.package:
            found.setdefault(tool.suite, set()).add(tool.package)
    return found


def _staged(shop: Workshop) -> list[str]:
    """Return the modules that Kubernetes replaces by folders of its own repository."""
    return _STAGED.findall((shop.upstream.folder("k8s.io/kubernetes") / "go.mod").read_text())


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""
