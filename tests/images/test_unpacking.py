"""What the node image brings is unpacked for the component that needs it, in the order of need."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline import stack
from plumbline.components.base import HelmComponent, Site
from plumbline.components.cluster import Cluster
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.images import docker, workshop
from plumbline.images.node import Node

PATHS = Paths.of()
SHOP = workshop.of(PATHS)


def test_every_image_of_the_node_image_is_brought_for_one_component() -> None:
    brought = [name for kind in stack.components_of(Config()) for name in kind.brought_images]

    assert sorted(brought) == [recipe.name for recipe in Node(SHOP).inside]


@pytest.mark.parametrize("kind", [kind for kind in stack.components_of(Config()) if issubclass(kind, HelmComponent)])
def test_a_component_is_brought_what_its_charts_run_and_what_its_own_images_stand_on(kind: type[HelmComponent]) -> None:
    folders = [PATHS.charts / release.chart for release in kind.releases]
    named = "".join(file.read_text() for folder in folders for file in folder.glob("values*.yaml"))
    bases = {recipe.base for recipe in SHOP.recipes.values() if recipe.ref in kind.own_images}

    for name in kind.brought_images:
        repository = str(SHOP.recipes[name].ref).rpartition(":")[0]
        assert name in bases or repository in named or repository.partition("/")[2] in named, name


def test_a_single_node_unpacks_them_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(docker, "run", lambda *words, **_: asked.extend(words))
    single, multi = (Cluster(Site(Config(cluster_name="c", nodes=nodes), PATHS)) for nodes in ("single", "multi"))

    multi.unpack()
    assert asked == [], "of several nodes each runs but a part"
    single.unpack()

    assert asked[:2] == ["exec", "c-control-plane"]
    refs = [str(SHOP.recipes[name].ref) for name in Cluster.brought_images]
    assert asked[-len(refs) :] == refs
