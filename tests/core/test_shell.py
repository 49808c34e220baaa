"""Programs: deadlines, errors in the program's own words, nothing left running."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from plumbline.core import shell
from plumbline.core.errors import ToolMissing


def test_result_holds_both_streams_and_the_code() -> None:
    result = shell.run(["sh", "-c", "echo out; echo err >&2; exit 3"], within_s=5, check=False)

    assert (result.code, result.stdout, result.stderr, result.ok) == (3, "out\n", "err\n", False)


def test_failure_carries_what_the_program_said() -> None:
    with pytest.raises(shell.CommandFailed, match="exit code 1: no such volume"):
        shell.run(["sh", "-c", "echo no such volume >&2; exit 1"], within_s=5)


def test_a_missing_program_names_the_fix() -> None:
    with pytest.raises(ToolMissing, match='no-such-program is not on this machine: run "make env"'):
        shell.run(["no-such-program"], within_s=5)


def test_a_deadline_ends_the_program_and_its_children() -> None:
    start = time.monotonic()
    with pytest.raises(shell.CommandTimeout, match="still running after 0 s, ended; last said: hello"):
        shell.run(["sh", "-c", "echo hello; sleep 60 & wait"], within_s=0.3)

    assert time.monotonic() - start < 10


def test_stream_hands_over_lines_as_they_come() -> None:
    lines: list[str] = []
    shell.stream(["sh", "-c", "echo one; echo two >&2"], within_s=5, on_line=lines.append)

    assert lines == ["one", "two"]


def test_stream_has_a_deadline_too() -> None:
    with pytest.raises(shell.CommandTimeout):
        shell.stream(["sh", "-c", "echo on; sleep 60"], within_s=0.3, on_line=lambda _: None)


def test_input_reaches_the_program() -> None:
    assert shell.run(["cat"], within_s=5, input="seed").stdout == "seed"


def test_files_are_read_and_written_as_they_are(tmp_path: Path) -> None:
    raw = bytes(range(256))
    (tmp_path / "in").write_bytes(raw)

    result = shell.run(["sh", "-c", "cat; echo done >&2"], within_s=5, input=tmp_path / "in", into=tmp_path / "out")

    assert ((tmp_path / "out").read_bytes(), result.stdout, result.stderr) == (raw, "", "done\n")


@pytest.mark.parametrize(
    ("said", "gist"),
    [
        ("", ""),
        ("one\n  two \n\n", "one | two"),
        (
            "Creating …\n\x1b[31mERROR: failed\x1b[0m\nOutput: no room\n",
            "ERROR: failed | Output: no room",
        ),
        ("Error: first\nError: UPGRADE FAILED\n", "Error: UPGRADE FAILED"),
        ("x" * 700, "x" * 600 + " …"),
    ],
)
def test_what_a_program_said_fits_on_a_line(said: str, gist: str) -> None:
    assert shell.gist(said) == gist
