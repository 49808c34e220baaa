"""A stack of nothing but a state folder, and a register of faults of its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.core import events
from plumbline.core.config import Config
from plumbline.core.wait import Timeout
from plumbline.faults import registry
from plumbline.faults.injuries import undo


class FakeStack:
    """As much of a stack as faults and their runner use."""

    def __init__(self, paths: Any) -> None:
        self.site = SimpleNamespace(paths=paths, config=Config())
        self.cluster = SimpleNamespace(owned=lambda: True, standing=lambda: self.standing)
        self.standing = True
        self.recovers = True
        self.log: list[str] = []

    def steady(self, within_s: float) -> None:
        self.log.append("steady")
        if not self.recovers:
            raise Timeout("execution steady", within_s, "geth-1 is gone", 1, "")


@pytest.fixture
def stack(tmp_path, monkeypatch) -> FakeStack:
    monkeypatch.setattr(events, "_current", events.Stream("test"))
    return FakeStack(SimpleNamespace(state=tmp_path / ".plumbline", root=tmp_path))


@pytest.fixture(autouse=True)
def own_register(monkeypatch) -> registry.Registry:
    """Faults and cures that a test registers are gone after it."""
    registry.load()  # the real faults register when their modules are first imported: now, not in the register of a test
    own = registry.Registry()
    monkeypatch.setattr(registry, "REGISTRY", own)
    monkeypatch.setattr(undo, "_cures", {})
    return own
