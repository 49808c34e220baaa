"""The seeded mistakes fit the code that they are made in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plumbline.faults import registry
from plumbline.faults.registry import Fault

ROOT = Path(__file__).parents[2]
MISTAKES = [fault for fault in registry.load().all() if fault.breaks in {"IAC-001", "IAC-002"}]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_it_changes_the_code(mistake: Fault, tmp_path: Path) -> None:
    copy = shutil.copytree(ROOT / "terraform", tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    assert mistake.mutate is not None

    mistake.mutate(tmp_path)

    changed = [file for file in copy.rglob("*") if file.is_file() and file.read_text() != _original(file, copy)]
    assert len(changed) == 1


def _original(file: Path, copy: Path) -> str:
    return (ROOT / "terraform" / file.relative_to(copy)).read_text()
