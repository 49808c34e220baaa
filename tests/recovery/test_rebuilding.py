"""A cluster is deleted only for an export that can replace it, and the new one is asked whether it serves the same chain."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline import rebuilding
from plumbline.components.chain.answers import Answer, Answers
from plumbline.components.recovery.vault import Export, ExportIncomplete
from plumbline.components.secrets import escrow
from plumbline.components.secrets.escrow import EscrowUnreadable, Label
from plumbline.core import state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ControlFailed

PASSPHRASE, BLOCK = "as long as it takes", "0x7"


class Recorder:
    """A stack that notes what is asked of it, and whose nodes have one hash for every block."""

    def __init__(self, served: str = BLOCK) -> None:
        self.acts: list[str] = []
        self.site = SimpleNamespace(
            kube=SimpleNamespace(ensure_namespace=self._note("namespace"), apply=self._note("apply"))
        )
        self.sealed_secrets = SimpleNamespace(restore=self._note("keys"))
        self.execution = SimpleNamespace(hashes_at=lambda _: Answers({"geth-0": Answer(served)}))

    def down(self) -> None:
        self.acts.append("down")

    def up(self, goals: list[str] | None = None) -> None:
        self.acts.append(f"up {' '.join(goals or ['everything'])}")

    def _note(self, act: str) -> Any:
        return lambda *_, **__: self.acts.append(act)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys.escrow").write_text(escrow.locked(Label("lost", "1", "now"), {"keys": []}, PASSPHRASE))
    state.write_json(tmp_path / "sealed-secrets.json", [])
    files = {file.name: sha256_of(file) for file in tmp_path.iterdir()}
    state.write_json(tmp_path / "contents.json", {"files": files, "sizes": {}, "block": 7, "hash": BLOCK})
    return tmp_path


@pytest.fixture
def passphrase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("elsewhere") / "passphrase"
    file.write_text(f"{PASSPHRASE}\n")
    return file


def rebuild(folder: Path, passphrase: Path, stack: Recorder) -> int:
    return rebuilding.rebuild(argparse.Namespace(folder=folder, passphrase_file=passphrase), lambda: stack)  # type: ignore[arg-type, return-value]


def test_keys_and_data_are_there_before_the_nodes(folder: Path, passphrase: Path) -> None:
    stack = Recorder()

    assert rebuild(folder, passphrase, stack) == 0
    assert stack.acts == ["down", "up sealed-secrets storage", "namespace", "apply", "keys", "up everything"]


def test_nothing_is_deleted_for_an_export_that_is_not_whole(folder: Path, passphrase: Path) -> None:
    stack = Recorder()
    (folder / "sealed-secrets.json").unlink()

    with pytest.raises(ExportIncomplete):
        rebuild(folder, passphrase, stack)

    assert stack.acts == []


def test_nothing_is_deleted_for_keys_that_do_not_open(folder: Path, passphrase: Path) -> None:
    stack = Recorder()
    passphrase.write_text("another one, as long")

    with pytest.raises(EscrowUnreadable, match="does not open with this passphrase"):
        rebuild(folder, passphrase, stack)

    assert stack.acts == []


def test_another_chain_is_told(folder: Path) -> None:
    with pytest.raises(ControlFailed, match="serves another chain: expected block 7 0x7; geth-0: 0x8"):
        rebuilding.anew(lambda: Recorder(served="0x8"), Export.read(folder), PASSPHRASE)  # type: ignore[arg-type, return-value]
