"""A checkout to change at will, and a workshop for it: no engine, no cluster, no network, no Go toolchain."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plumbline.core.paths import Paths
from plumbline.images.golang import Go
from plumbline.images.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parent))  # stub_registry.py

if TYPE_CHECKING:
    from stub_registry import StubRegistry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(autouse=True)
def _one_toolchain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys hold the toolchain's version, which is not what these tests are about."""
    monkeypatch.setattr(Go, "version", lambda _, series: f"go{series}.0")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """The recipes of this checkout, over an empty cache."""
    return Workshop(Paths(root=ROOT, state=tmp_path / "state", cache=tmp_path / "cache"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of everything that images are made from."""
    copy = tmp_path / "checkout"
    for name in ("local", "plumbline", "fixtures", "reports", "suites", "requirements"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "charts").mkdir()
    return copy


@pytest.fixture
def stub() -> Iterator[StubRegistry]:
    """A registry, empty."""
    import stub_registry

    with stub_registry.serving() as registry:
        yield registry


@pytest.fixture
def keys(checkout: Path, tmp_path: Path):
    """Compute all images' keys anew, as another run would."""

    def compute() -> dict[str, str]:
        from plumbline.images import assembly, golang, recipes
        from plumbline.images.node import Node

        recipes.load.cache_clear()
        golang.load.cache_clear()
        shop = Workshop(Paths(root=checkout, state=tmp_path / "state", cache=tmp_path / "cache"))
        found = {name: assembly.content_key(shop, recipe) for name, recipe in shop.recipes.items() if recipe.ref}
        return {**found, "node": Node(shop).key}

    return compute
