"""The command line: one clear line and the right exit code for bad input; help that is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from plumbline import cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _in_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        ([], 2, "the following arguments are required: COMMAND; see plumbline --help"),
        (["upp"], 2, "invalid choice"),
        (["up", "--netwrok", "devnet"], 2, "unrecognized arguments"),
        (["up", "--network", "goerli"], 2, 'network = "goerli" is not possible; choose one of'),
        (["up", "geht"], 2, 'there is no component "geht"; known are cluster'),
    ],
)
def test_bad_input_gets_one_line_and_its_code(
    argv: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == code

    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_outside_a_checkout_says_where_to_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    from plumbline.core.paths import repo_root

    assert repo_root() == ROOT  # the installed package knows its own checkout


def test_module_and_help_work_as_a_process() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "plumbline", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert "Stand the stack up, prove it, take it down." in result.stdout
