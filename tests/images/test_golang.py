"""Go programs: each is built by a toolchain of its own series."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.core import shell
from plumbline.images import golang, wheels
from plumbline.images.pinning import wrapper
from plumbline.images.workshop import Workshop


def test_a_series_that_the_machine_has_not_is_the_pinned_one(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = tmp_path / "go" / "bin" / "go"
    pinned.parent.mkdir(parents=True)
    pinned.touch()
    monkeypatch.setattr(golang.shutil, "which", lambda _: "/usr/local/go/bin/go")
    monkeypatch.setattr(shell, "run", lambda argv, **_: shell.Result((), 0, "go version go1.26.8 linux/amd64", "", 0.1))
    asked: list[str] = []
    monkeypatch.setattr(wheels, "toolchain", lambda _, requirements: asked.append(requirements.name) or tmp_path)

    assert shop.go.toolchain("1.26") == Path("/usr/local/go/bin/go")
    assert shop.go.toolchain("1.27") == pinned
    assert asked == ["go-1.27.txt"]


def test_each_series_is_pinned(shop: Workshop) -> None:
    assert {program.go for program in shop.programs.values()} == {"1.26", "1.27"}
    for program in shop.programs.values():
        assert (shop.pins / f"go-{program.go}.txt").is_file()
        assert f"\ngo {program.go}." in (program.folder / "go.mod").read_text()


def test_a_pin_names_the_series(shop: Workshop) -> None:
    assert "\ngo 1.27.0\n" in wrapper(shop.programs["argo-cd"], [])
