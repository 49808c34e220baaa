"""Making the environment: what happens on a machine without a fitting Python, and when nothing has changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "requirements" / "env.sh"


def make_environment(venv: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PLUMBLINE_VENV": str(venv), **variables}
    return subprocess.run([str(SCRIPT)], env=env, capture_output=True, text=True, check=False)


def test_without_a_fitting_python_it_says_how_to_get_one(tmp_path: Path) -> None:
    result = make_environment(tmp_path / "venv", PYTHON="false")

    assert result.returncode == 3
    assert "no Python 3.12 or newer" in result.stderr
    assert "apt-get install python3" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_an_unchanged_environment_is_left_alone(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    sources = ("requirements/harness.txt", "pyproject.toml", "requirements/env.sh")
    made_from = hashlib.sha256(b"".join((ROOT / source).read_bytes() for source in sources)).hexdigest()
    (venv / ".made-from").write_text(f"{made_from}\n")

    result = make_environment(venv, PYTHON="false")  # it would fail if it had to make anything

    assert (result.returncode, result.stderr) == (0, "")
