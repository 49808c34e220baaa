"""A machine made of stand-ins: programs on PATH that answer as docker, dockerd and apt-get would, and folders of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plumbline.images import engine
from plumbline.images.private_engine import PrivateEngine

DOCKER = """
import datetime, json, os, sys
host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
match sys.argv[1]:
    case "context":
        print("unix:///var/run/docker.sock")
    case "info" if host in ANSWERS:
        info = dict(ServerVersion="26.1.5", DockerRootDir="/data", Driver="overlay2", CgroupVersion="1")
        print(json.dumps({**info, "SystemTime": datetime.datetime.now(datetime.UTC).isoformat()}))
    case "info":
        sys.exit(REFUSAL.format(host))
    case "run":
        sys.exit(RUN)
"""
NOBODY = "Cannot connect to the Docker daemon at {}. Is the docker daemon running?"
DOCKERD = """
import json, os, signal, socket, sys
config = json.load(open(sys.argv[sys.argv.index("--config-file") + 1]))
open(config["pidfile"], "w").write(str(os.getpid()))
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
signal.pause()
"""
RECIPE = """
[unpacked]
suite = "trixie"
packages = ["docker.io"]
[unpacked.expected]
"docker.io" = "26.1.5"
[installed]
"""


def program(path: Path, source: str) -> None:
    """Write a Python program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{source}")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "PLUMBLINE_ENGINE_DATA"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrivateEngine:
    """The machine's private engine, with places in a temporary folder; nothing is installed or running."""
    recipe = tmp_path / "engine.toml"
    recipe.write_text(RECIPE)
    ours = PrivateEngine(recipe, home=tmp_path / "engine", run=tmp_path / "run", data=tmp_path / "data")
    monkeypatch.setattr(PrivateEngine, "of_machine", lambda: ours)
    monkeypatch.setattr(engine, "DEFAULT_SOCKET", tmp_path / "docker.sock")
    engine._docker_env.cache_clear()
    return ours


@pytest.fixture
def docker(programs: Path) -> Callable[..., None]:
    """Install a docker client that reaches an engine at the given addresses only."""

    def client(*answers: str, refusal: str = NOBODY, run: str | None = None) -> None:
        program(programs / "docker", f"ANSWERS, REFUSAL, RUN = {answers!r}, {refusal!r}, {run!r}\n{DOCKER}")

    return client


@pytest.fixture
def ready() -> str:
    """A program that does as dockerd does: write its number, say that it is ready, end when it is told to."""
    return DOCKERD


@pytest.fixture
def dockerd(private: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Unpack a private engine's dockerd, which is ready at once; whatever runs at the end is stopped."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def unpacked(source: str = DOCKERD) -> None:
        program(private.programs / "usr" / "sbin" / "dockerd", source)
        (private.programs / "bill.json").touch()

    yield unpacked
    private.down()
