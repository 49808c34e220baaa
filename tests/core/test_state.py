"""State files, event streams and leases survive crashes and company."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.core import events, lease, state


def test_json_round_trip_and_absence(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    assert state.read_json(file) is None

    state.write_json(file, {"a": [1, 2]})

    assert state.read_json(file) == {"a": [1, 2]}
    assert [path.name for path in file.parent.iterdir()] == ["state.json"]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    killed = "import os, sys; from pathlib import Path; from plumbline.core import state; os.replace = lambda *_: os.kill(os.getpid(), 9)"
    write = "state.write_json(Path(sys.argv[1]), 'new')"
    file = tmp_path / "state.json"
    state.write_json(file, "old")
    subprocess.run([sys.executable, "-c", f"{killed}; {write}", file], check=False)
    assert len(list(tmp_path.iterdir())) == 2

    state.sweep(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert state.read_json(file) == "old"


def test_what_is_not_json_is_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"half": ')

    assert state.read_json(file) is None


def test_a_failing_write_leaves_the_old_content(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state.write_json(file, {"old": True})

    with pytest.raises(TypeError):
        state.write_json(file, {"new": object()})

    assert state.read_json(file) == {"old": True}


def test_events_are_written_and_read_back_past_a_cut_line(tmp_path: Path) -> None:
    stream = events.Stream("run-1", tmp_path / "events.jsonl")
    with stream.phase("storage", "deploy", chart="storage"):
        stream.emit("storage", "progress", text="half way")
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"cut": ')

    seen = list(events.read(tmp_path / "events.jsonl"))

    assert [e["event"] for e in seen] == ["phase-start", "progress", "phase-end"]
    assert seen[-1]["ok"] is True
    assert seen[-1]["seconds"] >= 0
    assert {e["run"] for e in seen} == {"run-1"}


def test_a_failing_phase_is_recorded_with_its_error() -> None:
    seen: list[events.Event] = []
    stream = events.Stream("run-1")
    stream.subscribe(seen.append)

    with pytest.raises(ValueError, match="boom"), stream.phase("storage", "deploy"):
        raise ValueError("boom")

    assert (seen[-1]["event"], seen[-1]["ok"], seen[-1]["error"]) == ("phase-end", False, "boom")


def test_a_second_holder_waits_and_learns_who_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    code = f"""
from pathlib import Path
from plumbline.core import lease
try:
    with lease.exclusive(Path({str(lock)!r}), "the stack", within_s=0.1): pass
except lease.LeaseHeld as error:
    print(error)
"""
    with lease.exclusive(lock, "the stack", within_s=1, purpose="up"):
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "the stack is in use by process" in said
    assert "(up, since" in said
    assert not list(tmp_path.glob("stack.holders/*"))


def test_who_waits_says_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_SAY_AFTER_S", 0.05)
    said: list[events.Event] = []
    stop = events.subscribe(said.append)
    lock = tmp_path / "stack.lock"
    with (
        lease.exclusive(lock, "the stack", within_s=1, purpose="up"),
        pytest.raises(lease.LeaseHeld),
        lease.exclusive(lock, "the stack", within_s=0.1),
    ):
        pass
    stop()

    (notice,) = (event["text"] for event in said if event["event"] == "notice")
    assert notice.startswith("waiting for the stack, in use by process ")
    assert "(up, since " in notice


def test_a_dead_holder_does_not_block(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    code = f"""
import os
from pathlib import Path
from plumbline.core import lease
with lease.exclusive(Path({str(lock)!r}), "the stack", within_s=1): os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)

    with lease.exclusive(lock, "the stack", within_s=1):
        assert lease._holder(lock).startswith(f"process {os.getpid()} (")
    assert not list(tmp_path.glob("stack.holders/*"))


def test_who_shares_does_not_wait_and_who_wants_it_alone_does(tmp_path: Path) -> None:
    lock = tmp_path / "stack.lock"
    code = f"""
from pathlib import Path
from plumbline.core import lease
def tried(hold, **more):
    try:
        with hold(Path({str(lock)!r}), "the stack", within_s=0.1, **more): print("held")
    except lease.LeaseHeld as error:
        print(error)
tried(lease.shared)
tried(lease.alone, purpose="kill")
"""

    def others() -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.splitlines()

    with lease.shared(lock, "the stack", within_s=1, purpose="test_peers"):
        sharing, alone = others()
    with lease.alone(lock, "the stack", within_s=1, purpose="kill"):
        shut_out = others()

    assert sharing == "held"
    assert alone.startswith(f"the stack is in use by process {os.getpid()} (test_peers, since ")
    assert all("the stack is in use by process" in said and "(kill, since" in said for said in shut_out)
    assert others() == ["held", "held"]
