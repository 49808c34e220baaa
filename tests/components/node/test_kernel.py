"""What a cluster changes on the machine around it is noted before, and put back after the last one."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.components.node.kernel import Kernel


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, value in {"kernel.panic": "0", "vm.overcommit_memory": "0", "kernel.random.boot_id": "b1"}.items():
        file = tmp_path / "proc" / name.replace(".", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    return tmp_path / "proc"


def test_settings_are_put_back_as_they_were_before_the_first_node(tmp_path: Path, proc: Path) -> None:
    kernel = Kernel(tmp_path, proc)
    kernel.remember()
    (proc / "kernel/panic").write_text("10\n")
    kernel.remember()  # of a second cluster, or after an interruption

    kernel.put_back()
    kernel.put_back()

    assert (proc / "kernel/panic").read_text() == "0"
    assert [path.name for path in tmp_path.iterdir()] == ["proc"]


def test_a_note_from_before_a_restart_is_not_used(tmp_path: Path, proc: Path) -> None:
    kernel = Kernel(tmp_path, proc)
    kernel.remember()
    (proc / "kernel/random/boot_id").write_text("b2\n")
    (proc / "kernel/panic").write_text("5\n")

    kernel.put_back()

    assert (proc / "kernel/panic").read_text() == "5\n"
