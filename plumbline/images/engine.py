"""Which container engine we talk to: a running Docker as it is, else our private one."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import shutil
import tarfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from plumbline.core import events, shell
from plumbline.core.errors import EngineUnavailable, EngineUnprivileged, ToolMissing
from plumbline.images.private_engine import COMPONENT, EngineNotInstallable, PrivateEngine

DEFAULT_SOCKET = Path("/var/run/docker.sock")
PROBE_IMAGE = "plumbline.local/probe:1"
_ANSWER_WITHIN_S = 10.0


@dataclasses.dataclass(frozen=True)
class EngineStatus:
    """The engine that is used.

    Attributes:
        private: whether it is our own.
        url: where it answers.
        version: its version.
        data: folder of its images and containers, on its own machine.
        storage_driver: how it stores layers.
        cgroup_version: "1" or "2".
        pid: process id of our own engine, None for one that is not ours.
        clock_off_s: how far its clock is ahead of ours, in seconds; 0 where that cannot be told from its taking time to answer.
    """

    private: bool
    url: str
    version: str
    data: Path
    storage_driver: str
    cgroup_version: str
    pid: int | None
    clock_off_s: float = 0.0

    def __str__(self) -> str:
        """Say in one line which engine it is."""
        whose = f"private engine (process {self.pid})" if self.private else "running engine"
        return f"{whose}: Docker {self.version} at {self.url}, {self.storage_driver}, cgroup v{self.cgroup_version}, data in {self.data}"


def docker_env() -> dict[str, str]:
    """Return what the environment of ``docker`` and ``kind`` needs so that they reach the engine.

    Raises:
        EngineUnavailable: neither a running Docker nor our private engine answers.
        ToolMissing: there is no docker client.
    """
    return dict(_docker_env())


def engine_status() -> EngineStatus:
    """Describe the engine that is used.

    Raises:
        EngineUnavailable: none answers.
    """
    env = docker_env()
    asked = time.time()
    info = _ask(env)
    answered = time.time()
    ours = PrivateEngine.of_machine()
    url = _url(env)
    private = url == ours.url
    return EngineStatus(
        private=private,
        url=url,
        version=info["ServerVersion"],
        data=Path(info["DockerRootDir"]),
        storage_driver=info["Driver"],
        cgroup_version=info["CgroupVersion"],
        pid=ours.pid if private else None,
        clock_off_s=_off(datetime.fromisoformat(info["SystemTime"]).timestamp(), asked, answered),
    )


def engine_up() -> EngineStatus:
    """Return the running engine; where none answers, install and start the private one."""
    try:
        return engine_status()
    except (EngineUnavailable, ToolMissing):
        if _named():
            raise
        PrivateEngine.of_machine().up()
        _docker_env.cache_clear()
        return engine_status()


def engine_down() -> bool:
    """Stop the private engine, if it runs, and say whether it did; an engine that is not ours is left alone."""
    _docker_env.cache_clear()
    return PrivateEngine.of_machine().down()


def ensure() -> EngineStatus:
    """Return the running engine, or bring up a private one on a machine that has none at all.

    An engine that is installed but stopped is its owner's business: then the error says so and nothing is changed.

    Raises:
        EngineUnavailable: an engine is configured or installed here, and does not answer.
        EngineNotInstallable: there is none, and this is no machine for the private one.
    """
    try:
        return engine_status()
    except (EngineUnavailable, ToolMissing) as failure:
        ours = PrivateEngine.of_machine()
        if shutil.which("dockerd") or DEFAULT_SOCKET.exists() or _named():
            raise
        if os.geteuid() != 0:
            raise EngineNotInstallable("this is not root") from failure
        events.emit(
            COMPONENT, "notice", text=f"no container engine on this machine: a private one is set up at {ours.url}"
        )
        return engine_up()


def command(action: str) -> int:
    """Do what ``plumbline engine ACTION`` asks for, say how it went, and return the exit code."""
    if action == "down":
        print("the private engine is stopped" if engine_down() else "no private engine was running")
    else:
        print(_ACTIONS[action]())
    return 0


def require_privileged() -> None:
    """Prove that privileged containers start, as a KinD node is one; nothing is pulled for it.

    Raises:
        EngineUnprivileged: they do not; the message has the engine's words.
    """
    env = docker_env()
    inspected = ["docker", "image", "inspect", "--format", "{{.Id}}", PROBE_IMAGE]
    if not shell.run(inspected, within_s=_ANSWER_WITHIN_S, env=env, check=False).ok:
        shell.run(["docker", "import", "-", PROBE_IMAGE], within_s=_ANSWER_WITHIN_S, env=env, input=_empty_tar())
    # The image is empty: --init lends the engine's own static init program, which can say its version.
    init = ["--init", "--entrypoint", "/sbin/docker-init", PROBE_IMAGE, "--version"]
    argv = ["docker", "run", "--rm", "--privileged", "--network", "none", *init]
    probe = shell.run(argv, within_s=30.0, env=env, check=False)
    if not probe.ok:
        raise EngineUnprivileged(_url(env), _sentence(probe.stderr))


_ACTIONS = {"status": engine_status, "up": engine_up, "ensure": ensure}


@functools.cache
def _docker_env() -> dict[str, str]:
    ours = PrivateEngine.of_machine()
    # A machine without a docker client borrows the private engine's.
    client = {} if shutil.which("docker") or not ours.installed else {"PATH": ours.search_path}
    if not client and not shutil.which("docker"):
        raise ToolMissing("docker", 'install Docker, or run "make engine" (as root on Debian) for a private engine')
    try:
        _ask(client)
    except EngineUnavailable:
        if ours.pid is None or _named():
            raise  # an engine that somebody names is the one that is meant
        private = {**client, "DOCKER_HOST": ours.url}
        _ask(private)
        return private
    return client


def _off(clock: float, asked: float, answered: float) -> float:
    """How far a clock that was read in between is outside of two moments of ours."""
    return min(clock - asked, 0.0) + max(clock - answered, 0.0)


def _named() -> bool:
    """Whether the environment says which engine is to be used."""
    return bool(os.environ.get("DOCKER_HOST") or os.environ.get("DOCKER_CONTEXT"))


def _fix() -> str:
    """What to do about an engine that does not answer: one that is named is not replaced by ours."""
    return "start it, or unset DOCKER_HOST and DOCKER_CONTEXT" if _named() else 'start it, or run "make engine"'


def _ask(env: dict[str, str]) -> dict[str, Any]:
    """Ask the engine about itself."""
    try:
        answer = shell.run(
            ["docker", "info", "--format", "{{json .}}"], within_s=_ANSWER_WITHIN_S, env=env, check=False
        )
    except shell.CommandTimeout as silence:
        raise EngineUnavailable(_url(env), f"no answer in {silence.within_s:.0f} s", _fix()) from silence
    info: dict[str, Any] = json.loads(answer.stdout) if answer.stdout.startswith("{") else {}
    if not answer.ok or not info.get("ServerVersion"):
        said = answer.stderr or " ".join(info.get("ServerErrors") or ())
        raise EngineUnavailable(_url(env), _sentence(said), _fix())
    return info


def _url(env: dict[str, str]) -> str:
    """Where the docker client looks for the engine: DOCKER_HOST, else its current context."""
    if named := env.get("DOCKER_HOST") or os.environ.get("DOCKER_HOST"):
        return named
    argv = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    return shell.run(argv, within_s=_ANSWER_WITHIN_S, env=env, check=False).stdout.strip() or f"unix://{DEFAULT_SOCKET}"


def _sentence(said: str) -> str:
    """What docker said, shortened to what its reader does not know yet."""
    if "permission denied" in said:
        return "permission denied"
    if "Cannot connect to the Docker daemon" in said:
        return "nothing listens there"
    lines = [line for line in said.strip().splitlines() if line and not line.startswith(("See '", "Run '"))]
    text = " ".join(lines).removeprefix("docker: ").removeprefix("Error response from daemon: ")
    return text.rstrip(".") or "no answer"


def _empty_tar() -> bytes:
    with io.BytesIO() as content:
        tarfile.open(fileobj=content, mode="w").close()
        return content.getvalue()
