"""What a cluster changes on the machine around it is noted before, and put back after the last one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plumbline.components.node import host
from plumbline.core import shell


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, value in {"kernel.panic": "0", "vm.overcommit_memory": "0", "kernel.random.boot_id": "b1"}.items():
        file = tmp_path / "proc" / name.replace(".", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")
    return tmp_path / "proc"


def test_settings_are_put_back_as_they_were_before_the_first_node(tmp_path: Path, proc: Path) -> None:
    kernel = host.Kernel(tmp_path, proc)
    kernel.remember()
    (proc / "kernel/panic").write_text("10\n")
    kernel.remember()  # of a second cluster, or after an interruption

    kernel.put_back()
    kernel.put_back()

    assert (proc / "kernel/panic").read_text() == "0"
    assert [path.name for path in tmp_path.iterdir()] == ["proc"]


def test_a_note_from_before_a_restart_is_not_used(tmp_path: Path, proc: Path) -> None:
    kernel = host.Kernel(tmp_path, proc)
    kernel.remember()
    (proc / "kernel/random/boot_id").write_text("b2\n")
    (proc / "kernel/panic").write_text("5\n")

    kernel.put_back()

    assert (proc / "kernel/panic").read_text() == "5\n"


@pytest.mark.parametrize(
    ("exists", "nodes", "containers", "removed"),
    [(True, "", {}, True), (True, "", {"x": 1}, False), (True, "1234", {}, False), (False, "", {}, False)],
)
def test_the_network_goes_when_nothing_needs_it(
    exists: bool, nodes: str, containers: dict[str, int], removed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def docker(argv: list[str], **_: object) -> shell.Result:
        words = " ".join(argv)
        asked.append(words)
        out = nodes if " ps " in words else json.dumps(containers) if ".Containers" in words else ""
        return shell.Result(tuple(argv), 0 if exists else 1, out, "", 0.0)

    monkeypatch.setattr(shell, "run", docker)

    host.Network({}).remove_unused()

    assert ("docker network rm kind" in asked) is removed
