"""Verification: what is damaged is found, and what does not come out the same twice is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plumbline.core import events, state
from plumbline.core.errors import ChecksumMismatch
from plumbline.core.paths import Paths
from plumbline.images import assembly, recipes, sbom, verification
from plumbline.images.parts.files import FilesPart
from plumbline.images.recipes import Recipe
from plumbline.images.tree import Tree
from plumbline.images.workshop import Workshop

RECIPE = """
ref = "plumbline.local/tiny:1"
title = "A file"
version = "1"
source = "local/images/tiny"

[[part]]
kind = "files"
source = "files"
"""


def workshop_in(folder: Path) -> Workshop:
    """A checkout with one recipe, over an empty cache."""
    files = folder / "checkout/local/images/tiny/files"
    files.mkdir(parents=True)
    (files / "hello").write_text("hello\n")
    (files.parent / "recipe.toml").write_text(RECIPE)
    shutil.copy(Path(__file__).parents[2] / "local/images/os/recipe.toml", _folder(files.parents[1] / "os"))
    return Workshop(Paths(root=folder / "checkout", state=folder / "state", cache=folder / "cache"))


def _folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Workshop:
    """A workshop with one image, which is built."""
    shop = workshop_in(tmp_path / "one")
    shop.store.path("os").mkdir(parents=True)
    shop.system.archive.touch()
    shop.system.record.write_text("{}")
    assembly.make(shop, recipe(shop))
    return shop


def recipe(shop: Workshop) -> Recipe:
    return recipes.load(shop.paths.local / "images")["tiny"]


def test_the_same_recipe_is_the_same_digest_in_two_folders(tiny: Workshop, tmp_path: Path) -> None:
    other = workshop_in(tmp_path / "two")
    assembly.make(other, recipe(other))

    assert assembly.image(other, recipe(other)).digest == assembly.image(tiny, recipe(tiny)).digest


def test_a_damaged_layer_is_found_and_made_anew(tiny: Workshop) -> None:
    assert verification.stored_layers(tiny) == 1
    (file,) = tiny.store.path("layers").glob("*.tar.zst")
    file.write_bytes(file.read_bytes() + b"x")

    with pytest.raises(ChecksumMismatch, match=r"the stored layer .*makes it anew"):
        verification.stored_layers(tiny)
    assert not assembly.is_built(tiny, recipe(tiny))


def test_an_image_has_the_digest_that_its_bill_records(tiny: Workshop) -> None:
    bill = assembly.bill_file(tiny, recipe(tiny))
    digest = assembly.image(tiny, recipe(tiny)).digest
    assert verification.images(tiny) == 1
    assert sbom.digest_in(state.read_json(bill)) == digest

    bill.write_text(bill.read_text().replace(digest, "sha256:0"))
    with pytest.raises(ChecksumMismatch, match=r"the image plumbline\.local/tiny:1 has checksum"):
        verification.images(tiny)


def test_what_is_built_anew_is_compared(tiny: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verification.rebuilt(tiny, recipe(tiny)) == 1

    lay = FilesPart.lay

    def another(self: FilesPart, shop: Workshop, tree: Tree, scratch: Path) -> list[dict[str, object]]:
        tree.add("/when", str(scratch).encode())
        return lay(self, shop, tree, scratch)

    monkeypatch.setattr(FilesPart, "lay", another)
    with pytest.raises(ChecksumMismatch, match=r"a layer of tiny has checksum .*: the same recipe gave two layers"):
        verification.rebuilt(tiny, recipe(tiny))


def test_an_image_that_is_not_built_cannot_be_compared(shop: Workshop) -> None:
    with pytest.raises(assembly.NotBuilt):
        verification.rebuilt(shop, shop.recipes["geth"])


def test_drift_of_debian_packages_is_reported(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    recorded = shop.debian_lock.sections["system"]
    name = next(iter(recorded))
    moved = {**recorded, name: {"version": "999", "sha256": "0"}}
    monkeypatch.setattr(Workshop, "debian_used", lambda _, section: moved if section == "system" else {})
    stop = events.subscribe(lambda event: told.append(event.get("text", "")))
    try:
        verification.debian(shop)
    finally:
        stop()

    (text,) = told
    assert f"{name} 999 (recorded: {recorded[name]['version']})" in text
