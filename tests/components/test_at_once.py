"""What of a bring-up is done at once, and what one after another."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline import images
from plumbline.components.base import Site
from plumbline.components.execution import Execution
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError
from plumbline.core.paths import Paths
from plumbline.kube.helm import Helm


@pytest.fixture
def execution(monkeypatch: pytest.MonkeyPatch) -> Execution:
    """A component of two releases."""
    monkeypatch.setattr(Execution, "given", lambda *_: {})
    return Execution(Site(Config(), Paths.of()))


def test_a_component_installs_its_releases_at_once(execution: Execution, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = threading.Barrier(len(execution.releases), timeout=5)
    monkeypatch.setattr(Helm, "upgrade", lambda *_: meet.wait())

    execution.deploy()


def test_a_release_that_is_refused_fails_its_component(execution: Execution, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade(_: Helm, release: str, *__: Any) -> None:
        if release == "geth-follower":
            raise PlumblineError("helm could not install geth-follower: no")

    monkeypatch.setattr(Helm, "upgrade", upgrade)

    with pytest.raises(PlumblineError, match="geth-follower"):
        execution.deploy()


def test_images_are_loaded_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = threading.Lock()

    def load(_node: str, image: str) -> str:
        assert loading.acquire(blocking=False), "two at once"
        threading.Event().wait(0.05)
        loading.release()
        return image

    sideload = sys.modules[images.sideload.__module__]  # under its own name is the function
    monkeypatch.setattr(sideload, "_load", load)
    monkeypatch.setattr(sideload.workshop, "of", lambda _: None)
    monkeypatch.setattr(sideload.builder, "by_ref", lambda _, name: SimpleNamespace(name=name))
    monkeypatch.setattr(sideload.assembly, "is_built", lambda *_: True)
    monkeypatch.setattr(sideload.assembly, "image", lambda _, recipe: recipe.name)
    paths, done = Paths(Path(), Path(), Path()), []
    threads = [
        threading.Thread(target=lambda name=name: done.extend(images.sideload(paths, ["node"], [name])))  # type: ignore[misc]
        for name in ("csi", "beacon")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == ["beacon", "csi"]
