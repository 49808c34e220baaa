"""Tests of who waits for whom when images are built."""

from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.core import lease
from plumbline.core.paths import Paths
from plumbline.images import builder
from plumbline.images.recipes import ASKED
from plumbline.images.workshop import Workshop


def test_who_needs_nothing_built_waits_for_no_other_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "_ANOTHER_BUILD_WITHIN_S", 0.0)
    paths = replace(Paths.of(), cache=tmp_path)

    with lease.exclusive(tmp_path / "build.lock", "the image cache", within_s=1, purpose="building images"):
        built = builder.build(paths, only=[])

    assert built.own == {}


def test_what_is_built_when_it_is_asked_for_is_not_built_unasked(shop: Workshop) -> None:
    asked = {name for name, recipe in shop.recipes.items() if recipe.load == ASKED}

    assert "harness" in asked
    assert asked.isdisjoint(builder._chosen(shop, None))
    assert builder._chosen(shop, ["harness"]) == ["harness"]
