"""What the node image brings is unpacked in the order in which it is needed."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.core.paths import Paths
from plumbline.images import docker, unpacking, workshop
from plumbline.images.node import Node


def test_every_image_of_the_node_image_has_its_place_in_the_order() -> None:
    inside = Node(workshop.of(Paths.of())).inside

    assert sorted(unpacking.ORDER) == [recipe.name for recipe in inside]


def test_a_node_unpacks_them_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(docker, "run", lambda *words, **_: asked.extend(words))

    unpacking.unpack(Paths.of(), "node")

    assert asked[:2] == ["exec", "node"]
    assert [ref.partition("/")[2].partition(":")[0] for ref in asked[-26:-24]] == ["etcd", "kube-apiserver"]
