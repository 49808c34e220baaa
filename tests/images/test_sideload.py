"""Our own images go to every node, built once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.core.paths import Paths
from plumbline.images import assembly, builder, docker, oci, sideload, workshop

LAYER = SimpleNamespace(digest="sha256:layer", size=100)
IMAGE = SimpleNamespace(ref="plumbline.local/csi:1", digest="sha256:image", layers=[LAYER])


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes that an archive is sent to; "has-it" has the image, "has-layers" its layers."""
    nodes: list[str] = []

    def run(_: str, node: str, *words: str, **__: object) -> Any:
        listed = {"has-it": IMAGE.digest, "has-layers": LAYER.digest if "content" in words else ""}
        return SimpleNamespace(stdout=listed.get(node, ""))

    monkeypatch.setattr(workshop, "of", lambda _: None)
    monkeypatch.setattr(builder, "by_ref", lambda *_: SimpleNamespace(name="csi"))
    monkeypatch.setattr(assembly, "is_built", lambda *_: True)
    monkeypatch.setattr(assembly, "image", lambda *_: IMAGE)
    monkeypatch.setattr(docker, "run", run)
    monkeypatch.setattr(docker, "feed", lambda argv, *_, **__: nodes.append(argv[2]))
    monkeypatch.setattr(oci, "write_archive", lambda *_: None)
    return nodes


def test_each_node_is_sent_what_it_has_not_got(fed: list[str], tmp_path: Path) -> None:
    loaded = sideload(Paths(tmp_path, tmp_path, tmp_path), ["has-it", "has-layers", "new"], [IMAGE.ref])

    assert [(one.node, one.sent) for one in loaded] == [("has-it", 0), ("has-layers", 0), ("new", 100)]
    assert sorted(fed) == ["has-layers", "new"]
