"""Tests of who waits for whom when images are built."""

from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.core import lease
from plumbline.core.paths import Paths
from plumbline.images import builder


def test_who_needs_nothing_built_waits_for_no_other_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "_ANOTHER_BUILD_WITHIN_S", 0.0)
    paths = replace(Paths.of(), cache=tmp_path)

    with lease.exclusive(tmp_path / "build.lock", "the image cache", within_s=1, purpose="building images"):
        built = builder.build(paths, only=[])

    assert built.own == {}
