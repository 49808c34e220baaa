"""Python packages from wheels: hash-locked, for the Python of the images, never built from source."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

from plumbline.core import shell
from plumbline.core.checksum import sha256_of
from plumbline.images import fetching
from plumbline.images.content import Store, discard, key_of

PYTHON = "3.13"  # that of Debian trixie, which the images run
_WITHIN_S = 1200.0
_PLATFORMS = {
    "amd64": [f"manylinux_2_{minor}_x86_64" for minor in (41, 39, 36, 35, 34, 31, 28, 27, 26, 24, 17, 12, 5)]
    + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"],
    "arm64": [f"manylinux_2_{minor}_aarch64" for minor in (41, 39, 36, 35, 34, 31, 28, 27, 26, 24, 17)]
    + ["manylinux2014_aarch64", "linux_aarch64"],
}


def install(requirements: Path, into: Path, architecture: str) -> None:
    """Lay the wheels that ``requirements`` pins into a folder, as they would be in ``site-packages``."""
    platforms = [word for name in _PLATFORMS[architecture] for word in ("--platform", name)]
    argv = [*_pip("install", requirements), "--target", into, "--no-compile", "--python-version", PYTHON]
    argv += [
        "--implementation",
        "cp",
        "--abi",
        f"cp{PYTHON.replace('.', '')}",
        "--abi",
        "abi3",
        "--abi",
        "none",
        *platforms,
    ]
    fetching.run(argv, named(requirements), within_s=_WITHIN_S)
    discard(into / "bin")  # scripts name the interpreter of this machine
    for record in into.glob("*.dist-info/RECORD"):
        record.unlink()  # lists those scripts too, by their checksums


def environment(requirements: Path, into: Path) -> Path:
    """Make a virtual environment with the wheels that ``requirements`` pins, for the Python that runs us; return its programs.

    It can be moved if its programs are given to its Python: they name the place where they were installed.
    """
    shell.run([sys.executable, "-m", "venv", "--without-pip", into], within_s=_WITHIN_S)
    argv = [*_pip("install", requirements, "--python", into / "bin" / "python"), "--no-compile"]
    fetching.run(argv, named(requirements), within_s=_WITHIN_S)
    return into / "bin"


def compile_folder(python: Sequence[str | Path], env: Mapping[str, str], folder: Path, path: str) -> None:
    """Compile all sources below ``folder``, which will be ``path`` in the image, with the image's own Python.

    Compiled files are tied to their source by its checksum and are not checked at run time: files of a layer have one fixed
    time, which the usual check by time takes for stale.
    """
    argv = [*python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", path]
    shell.run([*argv, folder], within_s=_WITHIN_S, env=env)


def fetch(requirements: Path, into: Path) -> Path:
    """Fetch the one wheel that ``requirements`` pins, and return it."""
    fetching.run([*_pip("download", requirements), "--dest", into], named(requirements), within_s=_WITHIN_S)
    return next(into.glob("*.whl"))


def extract(wheel: Path, name: str, into: Path) -> Path:
    """Take one file out of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(name, into))


def toolchain(store: Store, requirements: Path) -> Path:
    """Return the folder of a tool that is needed to build and comes as a wheel, unpacked once."""
    folder = store.path("toolchain", f"{requirements.stem}-{sha256_of(requirements)[:16]}")
    if folder.is_dir():
        return folder
    with (
        store.scratch() as downloads,
        store.making(folder) as made,
        zipfile.ZipFile(fetch(requirements, downloads)) as archive,
    ):
        for entry in archive.infolist():
            file = Path(archive.extract(entry, made))
            if entry.external_attr >> 16 & 0o111:
                file.chmod(0o755)
    return folder


def components(requirements: Path, installed: Path) -> list[dict[str, Any]]:
    """Return the packages in a folder as components of a bill of materials, with the checksums that they were held to."""
    sums = hashes(requirements)
    found = []
    for folder in sorted(installed.glob("*.dist-info")):
        distribution = PathDistribution(folder)
        found.append(component(distribution.name, distribution.version, sums.get(normal(distribution.name), [])))
    return found


def component(name: str, version: str, sums: Sequence[str]) -> dict[str, Any]:
    """Return a Python package as a component of a bill of materials."""
    url = f"pkg:pypi/{normal(name)}@{version}"
    entry: dict[str, Any] = {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
    if len(sums) == 1:
        entry["hashes"] = [{"alg": "SHA-256", "content": sums[0]}]
    elif sums:
        entry["properties"] = [{"name": "plumbline:allowed-sha256", "value": " ".join(sums)}]
    return entry


def pins(requirements: Path) -> dict[str, str]:
    """Return the packages that a requirements file pins, with their versions."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", requirements.read_text(), re.MULTILINE))


def hashes(requirements: Path) -> dict[str, list[str]]:
    """Return the checksums that a requirements file allows, by package."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in requirements.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", line):
            name = normal(match[1])
        found.setdefault(name, []).extend(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    found.pop("", None)
    return found


def named(requirements: Path) -> str:
    """Return what a requirements file is about, for messages: its one package, or its file name."""
    pinned = pins(requirements)
    if len(pinned) == 1:
        return "==".join(next(iter(pinned.items())))
    return f"{requirements.parent.name}/{requirements.name}"


def key(requirements: Path, architecture: str) -> str:
    """Return the key of what :func:`install` makes of a requirements file."""
    return key_of("wheels", sha256_of(requirements), PYTHON, architecture)


def normal(name: str) -> str:
    """Return a package's normalized name (https://packaging.python.org/en/latest/specifications/name-normalization/)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip(command: str, requirements: Path, *of: str | Path) -> list[str | Path]:
    """Return pip's words; ``of`` tells it which Python's packages they are about, if not ours."""
    argv: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        *of,
        command,
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    return [*argv, "--require-hashes", "--only-binary=:all:", "--requirement", requirements]
