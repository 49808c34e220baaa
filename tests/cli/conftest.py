"""A checkout of one's own, on a machine that has all that is needed, with a docker client that does as it is told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plumbline import cli, doctor
from plumbline.images import engine
from plumbline.images.private_engine import PrivateEngine

ROOT = Path(__file__).resolve().parents[2]
NOT_SHARED = {".plumbline", ".git", "plumbline.toml", "__pycache__"}
# Answers by the first words of what it is asked; everything that it is asked is written down.
DOCKER = """
import datetime, json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    print(*sys.argv[1:], file=asked)
words = " ".join(sys.argv[1:])
answers = json.loads((here / "answers.json").read_text())
code, out, err = next((answer for start, answer in answers.items() if words.startswith(start)), [0, "", ""])
sys.stdout.write(out.replace("NOW", datetime.datetime.now(datetime.UTC).isoformat()))
sys.stderr.write(err)
sys.exit(code)
"""
INFO = json.dumps(
    {"ServerVersion": "26.1.5", "DockerRootDir": "/", "Driver": "overlay2", "CgroupVersion": "2", "SystemTime": "NOW"}
)
ANSWERS = {
    "info": [0, INFO, ""],
    "context": [0, "unix:///var/run/docker.sock", ""],
}


class Docker:
    """The docker client of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "docker"
        program.write_text(f"#!{sys.executable}\n{DOCKER}")
        program.chmod(0o755)
        self.answer()

    def answer(self, **answers: tuple[int, str, str]) -> None:
        """Set what is answered to a request that begins with these words (joined by _)."""
        told = {start.replace("_", " "): answer for start, answer in answers.items()}
        (self.folder / "answers.json").write_text(json.dumps({**ANSWERS, **told}))

    def stands(self, identity: str, *mounts: str) -> None:
        """Have a node container."""
        container = {
            "Id": identity,
            "Name": "/ethereum-cluster-control-plane",
            "Config": {"Image": "plumbline.local/node:v1"},
            "State": {"Running": True},
            "Mounts": [{"Type": "bind", "Destination": mount} for mount in mounts],
        }
        self.answer(ps=(0, identity, ""), container_inspect=(0, json.dumps([container]), ""))

    @property
    def removed(self) -> list[str]:
        """All that it was asked to remove."""
        return [line for line in self.asked.splitlines() if line.startswith(("rm ", "network rm ", "volume rm "))]

    @property
    def asked(self) -> str:
        """All that it was asked."""
        file = self.folder / "asked"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout: everything of ours, and no state."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for path in ROOT.iterdir():
        if path.name not in NOT_SHARED:
            (folder / path.name).symlink_to(path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PLUMBLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor, "PACKAGES", ())
    monkeypatch.setattr(doctor, "MEMORY_BYTES", 0)
    monkeypatch.setattr(doctor, "INOTIFY", {})
    monkeypatch.setattr(doctor.machine, "kernel_options", lambda: None)
    return folder


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """The only docker client, of an engine that runs nothing; there is no private engine."""
    client = Docker(tmp_path / "docker")
    monkeypatch.setenv("PATH", f"{client.folder}{os.pathsep}{os.environ['PATH']}")
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    nowhere = PrivateEngine(tmp_path / "x.toml", home=tmp_path / "engine", run=tmp_path / "run", data=tmp_path / "data")
    monkeypatch.setattr(PrivateEngine, "of_machine", lambda: nowhere)
    monkeypatch.setattr(doctor, "CACHE_BYTES", {"cold": 0, "warm": 0})
    monkeypatch.setattr(doctor, "ENGINE_BYTES", {"cold": 0, "warm": 0})
    engine._docker_env.cache_clear()
    return client


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that is refused, demand its exit code and that it says why in one line, and return the line."""

    def run(*argv: str, code: int) -> str:
        assert cli.main(argv) == code
        told: Any = capsys.readouterr().err.splitlines()
        said = [line for line in told if line.startswith("plumbline: ")]
        assert len(said) == 1, told
        assert told[-1] == said[0]
        return said[0].removeprefix("plumbline: ")

    return run
