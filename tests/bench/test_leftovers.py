"""What a command leaves on the machine is found, and what others do there is not held against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plumbline.bench import leftovers
from plumbline.bench.leftovers import Place
from plumbline.components.node import belongings
from plumbline.components.node.belongings import Belonging
from plumbline.core import shell
from plumbline.core.paths import Paths

_PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A state folder and one for temporary files, on a machine without an engine."""
    monkeypatch.setattr(belongings, "of_machine", lambda *_: frozenset())
    monkeypatch.setattr(leftovers, "nodes_left", lambda _: False)
    monkeypatch.setattr(leftovers, "_SETTLED_WITHIN_S", 0.3)
    for name in ("temporary", "state/runs"):
        (tmp_path / name).mkdir(parents=True)
    return Place(Paths(tmp_path, tmp_path / "state", tmp_path), "mine", {}, tmp_path / "temporary")


def test_files_but_those_that_runs_keep(place: Place) -> None:
    def left() -> set[Belonging]:  # other tests mount something meanwhile
        return {thing for thing in place.left_since(before) if thing.kind == "file"}

    before = place.occupied()
    assert left() == set()

    (place.paths.runs / "events.jsonl").touch()
    half_written = place.paths.state / ".stack.json.x1"
    forgotten = place.temporary / "forgotten"
    for file in (half_written, forgotten):
        file.touch()

    assert left() == {Belonging("file", str(half_written)), Belonging("file", str(forgotten))}


def test_processes_of_the_command_and_no_others(place: Place) -> None:
    before = place.occupied()
    stays = [sys.executable, "-c", "input('here')"]
    with (
        subprocess.Popen(stays, **_PIPES, env={**os.environ, **place.environment}) as its,
        subprocess.Popen(stays, **_PIPES) as anothers,
    ):
        for process in (its, anothers):  # a process shows its environment only a moment after it was started
            assert process.stdout is not None
            process.stdout.read(len(b"here"))
        left = {thing.name.split()[0] for thing in place.left_since(before)}
        for process in (its, anothers):
            process.communicate(b"\n")

    assert left == {str(its.pid)}
    assert place.left_since(before) == frozenset()


def test_kernel_settings_where_no_node_sets_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = frozenset(thing for thing in place.occupied() if "vm.overcommit_memory" not in thing.name)
    with_a_node = frozenset(thing for thing in before if thing.kind != "kernel setting")

    assert [thing.kind for thing in place.left_since(before)] == ["kernel setting"]
    assert place.left_since(with_a_node) == frozenset()

    monkeypatch.setattr(leftovers, "nodes_left", lambda _: True)
    assert place.left_since(before) == frozenset()


def test_what_the_engine_has_but_for_other_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"ps": "mine-control-plane\nother-control-plane\n", "volume": "v1\nv2\n", "network": "kind\nown\n"}
    its = frozenset({Belonging("container", "other-control-plane"), Belonging("volume", "v2")})

    def run(argv: list[str], **_: object) -> shell.Result:
        return shell.Result(tuple(argv), 0, listed.get(argv[1], ""), "", 0.0)

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(belongings, "clusters", lambda _: frozenset({"mine", "other"}))
    monkeypatch.setattr(belongings, "of_cluster", lambda name, _: its if name == "other" else frozenset())

    found = {str(thing) for thing in belongings.of_machine("mine", {})}

    assert found == {"container mine-control-plane", "volume v1", "network own"}
