"""What the harness's own tests have in common: they ask no container engine, on a machine that has one either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from plumbline.images import engine

if TYPE_CHECKING:
    from pathlib import Path

# An example takes as long as a busy machine makes it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name an engine that nobody serves, so that a test that needs one fails everywhere, and not first on a bare machine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    engine._docker_env.cache_clear()
