"""The genesis is the same text in every process, however Geth and our own memory order what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plumbline import images
from plumbline.components.base import Site
from plumbline.components.devnet import Devnet
from plumbline.core import shell
from plumbline.core.config import Config
from plumbline.core.paths import Paths

# As Geth prints it: its keys are in no order that a sorted file keeps.
_DUMPED = {"timestamp": "0x0", "config": {"chainId": 1337, "berlinBlock": 0}, "alloc": {}, "difficulty": "0x0"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A checkout whose Geth is a program that prints a genesis."""

    def say(argv: Any, **_: Any) -> shell.Result:
        return shell.Result(tuple(map(str, argv)), 0, json.dumps(_DUMPED), "", 0.1)

    monkeypatch.setattr(images, "tool", lambda _paths, name: tmp_path / name)
    monkeypatch.setattr(shell, "run", say)
    return Site(Config(), Paths(tmp_path, tmp_path / "state", tmp_path / "cache"))


def test_a_second_process_makes_the_same_genesis(site: Site) -> None:
    """The first asks Geth, the second reads what the first kept: a difference would deploy the genesis anew."""
    first, second = Devnet(site), Devnet(site)

    assert first.genesis_files() == second.genesis_files()
    assert first.fingerprint() == second.fingerprint()
