"""The private engine's life: started detached, told apart from other processes, stopped alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.core.errors import EngineUnavailable
from plumbline.images.apt import Deb
from plumbline.images.private_engine import EngineNotInstallable, PrivateEngine, drift


def test_it_starts_once_and_has_places_of_its_own(dockerd: Callable[..., None], private: PrivateEngine) -> None:
    dockerd()

    private.up()
    first = private.pid
    private.up()

    assert first is not None
    assert private.pid == first
    assert os.getsid(first) == first  # in a session of its own: it outlives ours
    config = json.loads((private.run / "daemon.json").read_text())
    assert config["hosts"] == [private.url]
    assert Path(config["data-root"]) == private.data


def test_it_is_gone_after_down(dockerd: Callable[..., None], private: PrivateEngine) -> None:
    dockerd()
    private.up()

    assert private.down()
    assert private.pid is None
    assert not private.down()


def test_a_process_that_reuses_the_number_is_not_touched(private: PrivateEngine) -> None:
    private.run.mkdir()
    (private.run / "dockerd.pid").write_text(str(os.getpid()))

    assert private.pid is None
    assert not private.down()


def test_it_starts_again_after_a_crash(dockerd: Callable[..., None], ready: str, private: PrivateEngine) -> None:
    dockerd(
        f"import os, sys; os.path.exists({str(private.run / 'dockerd.pid')!r}) and sys.exit('still running')\n{ready}"
    )
    private.run.mkdir()
    (private.run / "dockerd.pid").write_text(str(os.getpid()))

    private.up()

    assert private.pid != os.getpid()


def test_one_that_ends_at_once_is_told_by_its_last_words(dockerd: Callable[..., None], private: PrivateEngine) -> None:
    dockerd("import sys; sys.exit('failed to start daemon: no space left on device')")

    with pytest.raises(EngineUnavailable, match="ended at once: failed to start daemon: no space left on device"):
        private.up()


def test_without_root_it_says_so(private: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(EngineNotInstallable):
        private.up()


def test_another_recipe_is_another_installation(private: PrivateEngine) -> None:
    before = private.programs
    private.recipe.write_text(private.recipe.read_text().replace("trixie", "forky"))

    again = PrivateEngine(private.recipe, private.home, private.run, private.data)

    assert again.programs != before


def test_other_versions_than_expected_are_reported() -> None:
    debs = [Deb("docker.io", "26.1.5+dfsg1-9", "0", Path()), Deb("containerd", "2.1.9+ds1-5", "0", Path())]

    assert drift(debs, {"docker.io": "26.1.5", "containerd": "1.7.24"}) == [
        "containerd is 2.1.9+ds1-5, expected was 1.7.24"
    ]
