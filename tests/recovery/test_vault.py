"""An export is looked at as a whole before a cluster is deleted for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from plumbline.components.recovery.vault import Export, ExportIncomplete
from plumbline.core import state

FILES = {"keys.escrow": b"keys", "beacon-0.tar.gz": b"database"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    state.write_json(tmp_path / "contents.json", {"files": digests, "sizes": {}, "block": 7, "hash": "0x7"})
    return tmp_path


def test_a_whole_export_says_what_its_chain_has(folder: Path) -> None:
    kept = Export.read(folder)

    assert (kept.block, kept.hash, kept.keys) == (7, "0x7", "keys")


@pytest.mark.parametrize("file", ["contents.json", *FILES])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()

    with pytest.raises(
        ExportIncomplete, match=rf"{file} is missing: take another copy .*; nothing was deleted"
    ) as caught:
        Export.read(folder)

    assert caught.value.exit_code == 2


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / "beacon-0.tar.gz").write_bytes(b"databasf")

    with pytest.raises(ExportIncomplete, match=r"beacon-0\.tar\.gz is not as it was written"):
        Export.read(folder)
