"""The image lock: the recipes and it agree, and what is left out says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core.errors import ConfigError
from plumbline.images import builder, lock
from plumbline.images.workshop import Workshop


def test_the_lock_is_what_the_recipes_say(shop: Workshop, root: Path) -> None:
    assert lock.renewed(lock.load(root), shop) == (root / lock.FILE).read_text(), "run: plumbline images lock"


def test_every_image_has_a_recipe_or_a_visible_reason(root: Path) -> None:
    for entry in lock.load(root):
        assert entry.recipe or (entry.optional and entry.reason), entry.name


def test_every_built_image_has_provenance_with_checksums(root: Path) -> None:
    for entry in lock.load(root):
        if entry.recipe:
            assert entry.provenance, entry.name
            assert all(" h1:" in line for line in entry.provenance if line.startswith("go ")), entry.name


def test_grafana_is_left_out_visibly(root: Path) -> None:
    grafana = lock.load(root).entries["grafana"]

    assert (grafana.recipe, grafana.optional) == ("", True)
    assert "cannot be built" in grafana.reason


def test_an_image_is_found_by_its_name_and_tag_only(root: Path) -> None:
    found = lock.load(root).by_ref("docker.io/ethereum/client-go:v1.17.10")

    assert found is not None
    assert found.recipe == "geth"
    assert lock.load(root).by_ref("docker.io/ethereum/client-go:latest") is None


def test_an_unknown_key_is_refused(checkout: Path) -> None:
    file = checkout / lock.FILE
    file.write_text(file.read_text() + '\n[other]\nref = "a.b/c:1"\nrecipes = "x"\n')

    with pytest.raises(ConfigError, match=r"\[other\] has an unknown key recipes"):
        lock.load(checkout)


def test_what_is_built_when_asked_for_is_in_the_lock_and_in_no_stack(shop: Workshop, root: Path) -> None:
    asked = {recipe.name for recipe in shop.recipes.values() if recipe.load == "asked"}

    assert {entry.name for entry in lock.load(root) if entry.optional and entry.recipe} == asked
    assert asked
    assert asked.isdisjoint(builder._chosen(shop, None))
    assert builder._chosen(shop, asked) == list(asked)
