"""A container engine of our own, for a Debian machine that has none: unpacked into the cache, installed nowhere.

It has its own socket, data and log, so it disturbs no other engine; every checkout on the machine shares it. It is started
detached and outlives the command that started it. Which packages it is made of stands in ``local/engine/engine.toml``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from plumbline.core import events, lease, paths, shell, state, wait
from plumbline.core.errors import EngineUnavailable, Unfit
from plumbline.images.apt import AptRoot, Deb, bill, unpack

COMPONENT = "engine"
READY_WITHIN_S = 30.0
STOP_WITHIN_S = 40.0
_LOG_TAIL_LINES = 3


class EngineNotInstallable(Unfit):
    """The private engine cannot be had on this machine."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(
            f"no container engine answers, and a private one needs root on Debian ({reason}): start Docker, or run this as root"
        )
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class PrivateEngine:
    """The private engine's places, and what can be done with it.

    Attributes:
        recipe: file that names its packages.
        home: folder of its programs, log and (unless named otherwise) data.
        run: folder of its socket and process id.
        data: folder of its images and containers.
    """

    recipe: Path
    home: Path
    run: Path
    data: Path

    @classmethod
    def of_machine(cls, where: paths.Paths | None = None) -> PrivateEngine:
        """Return the one private engine of this machine; PLUMBLINE_ENGINE_DATA moves its data to another disk."""
        where = where or paths.Paths.of()
        home = where.cache / "engine"
        data = os.environ.get("PLUMBLINE_ENGINE_DATA")
        return cls(
            recipe=where.local / "engine" / "engine.toml",
            home=home,
            run=Path("/run/plumbline"),
            data=Path(data) if data else home / "data",
        )

    @property
    def socket(self) -> Path:
        """Its API socket."""
        return self.run / "docker.sock"

    @property
    def url(self) -> str:
        """What DOCKER_HOST is set to."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        """What dockerd of the last start said."""
        return self.home / "dockerd.log"

    @property
    def programs(self) -> Path:
        """Where its programs are unpacked: one folder for each content of the recipe."""
        digest = hashlib.sha256(json.dumps(self._recipe, sort_keys=True).encode()).hexdigest()
        return self.home / digest[:12]

    @property
    def search_path(self) -> str:
        """PATH with its programs first."""
        folders = [self.programs / "usr" / "bin", self.programs / "usr" / "sbin"]
        return os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])

    @property
    def installed(self) -> bool:
        """Whether its programs are unpacked; the bill is written last."""
        return (self.programs / "bill.json").exists()

    @property
    def pid(self) -> int | None:
        """Process id of its dockerd, None when it does not run."""
        try:
            pid = int(self._pid_file.read_text())
            argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        # The number alone proves nothing: after a crash it may be another process'.
        return pid if str(self._config_file).encode() in argv else None

    def up(self) -> None:
        """Install it where it is not, start it where it does not run, and return when it answers."""
        self._require_root()
        with self._alone("starting the engine"):
            if self.pid is not None:
                return
            if not self.installed:
                with events.phase(COMPONENT, "install"):
                    self._install()
            with events.phase(COMPONENT, "start"):
                self._start()

    def down(self) -> bool:
        """Stop it, with its containers; return whether it ran. Nothing but our own dockerd is ever signalled."""
        with self._alone("stopping the engine"):
            pid = self.pid
            if pid is None:
                return False
            self._require_root()
            with events.phase(COMPONENT, "stop"):
                process = os.pidfd_open(pid)
                try:
                    for sign in (signal.SIGTERM, signal.SIGKILL):
                        signal.pidfd_send_signal(process, sign)
                        if _ended(process, within_s=STOP_WITHIN_S):
                            break
                finally:
                    os.close(process)
            return True

    @cached_property
    def _recipe(self) -> dict[str, Any]:
        return state.read_toml(self.recipe, f"local/engine/{self.recipe.name}")

    @property
    def _pid_file(self) -> Path:
        return self.run / "dockerd.pid"

    @property
    def _config_file(self) -> Path:
        return self.run / "daemon.json"

    def _alone(self, purpose: str) -> Any:
        return lease.exclusive(self.home / "lock", "the private container engine", within_s=600.0, purpose=purpose)

    def _require_root(self) -> None:
        if os.geteuid() != 0:
            raise EngineNotInstallable("this is not root")

    def _install(self) -> None:
        if not shutil.which("apt-get"):
            raise EngineNotInstallable(f"this is {platform.platform(terse=True)} without apt")
        unpacked = self._recipe["unpacked"]
        debs = AptRoot([unpacked["suite"]], cache=self.home.parent).download(unpacked["packages"])
        for line in drift(debs, unpacked["expected"]):
            events.emit(COMPONENT, "warning", text=line)
        self._install_system_packages()
        fresh = self.programs.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        unpack(debs, fresh)
        state.write_text(fresh / "bill.json", bill(debs))
        shutil.rmtree(self.programs, ignore_errors=True)
        fresh.rename(self.programs)

    def _install_system_packages(self) -> None:
        """Install what must fit the running release, where it is missing, from the machine's own apt sources."""
        missing = [package for program, package in self._recipe["installed"].items() if not _system_program(program)]
        if not missing:
            return
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
        if not shell.run(install, within_s=300.0, env=quiet, check=False).ok:
            # A fresh machine has no index yet, an old one names packages that are gone from the archive.
            shell.run(["apt-get", "update"], within_s=300.0, env=quiet)
            shell.run(install, within_s=300.0, env=quiet)

    def _start(self) -> None:
        for folder in (self.run, self.data):
            folder.mkdir(parents=True, exist_ok=True)
        state.write_json(self._config_file, self._config())
        # Left by a crash: dockerd would take whoever has the number now for itself, and refuse to start.
        self._pid_file.unlink(missing_ok=True)
        notify = self.run / "notify.sock"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, self.log.open("wb") as log:
            ready.bind(str(notify))
            process = subprocess.Popen(
                [str(self.programs / "usr" / "sbin" / "dockerd"), "--config-file", str(self._config_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, "PATH": self.search_path, "NOTIFY_SOCKET": str(notify)},
                start_new_session=True,  # it outlives us, and a Ctrl-C is not for it
            )
            try:
                wait.until(
                    _Notified(ready, process, self),
                    named="private container engine answers",
                    within_s=READY_WITHIN_S,
                    look=str(self.log),
                )
                process.returncode = 0  # nobody waits for it: it is not to be taken for a child that was forgotten
            except BaseException:
                process.terminate()
                raise
            finally:
                notify.unlink(missing_ok=True)

    def _config(self) -> dict[str, Any]:
        """Return dockerd's configuration; the user's /etc/docker/daemon.json is not read."""
        return {
            "hosts": [self.url],
            "data-root": str(self.data),
            "exec-root": str(self.run / "exec"),
            "pidfile": str(self._pid_file),
            "group": "root",
            "userland-proxy-path": str(self.programs / "usr" / "sbin" / "docker-proxy"),
        }

    def last_words(self) -> str:
        """The last lines of dockerd's log, for an error."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " | ".join(lines[-_LOG_TAIL_LINES:]) or f"it said nothing in {self.log}"


@dataclasses.dataclass(frozen=True)
class _Notified:
    """dockerd says that it is ready, by systemd's notification protocol (sd_notify(3)): nothing has to be asked."""

    ready: socket.socket
    process: subprocess.Popen[bytes]
    engine: PrivateEngine

    def observe(self, deadline: wait.Deadline) -> Iterator[wait.Observation[None]]:
        ended = os.pidfd_open(self.process.pid)
        try:
            poller = select.poll()
            poller.register(self.ready, select.POLLIN)
            poller.register(ended, select.POLLIN)
            while not deadline.passed:
                yield wait.Observation(False, None, f"dockerd is starting (process {self.process.pid})")
                signalled = dict(poller.poll(deadline.left_s * 1000))
                if ended in signalled:
                    raise EngineUnavailable(self.engine.url, f"dockerd ended at once: {self.engine.last_words()}")
                if signalled and b"READY=1" in self.ready.recv(4096):
                    yield wait.Observation(True, None, "dockerd is ready")
        finally:
            os.close(ended)


def drift(debs: list[Deb], expected: dict[str, str]) -> list[str]:
    """Which packages have another upstream version than the recipe expects (Debian's suites roll), one line each."""
    return [
        f"{deb.name} is {deb.version}, expected was {expected[deb.name]}"
        for deb in debs
        if deb.name in expected and not deb.version.startswith(expected[deb.name])
    ]


def _system_program(name: str) -> str | None:
    """Where a program of the running release is; sbin is not on every user's PATH."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


def _ended(process: int, *, within_s: float) -> bool:
    """Watch a process (by its descriptor) until it has ended."""
    poller = select.poll()
    poller.register(process, select.POLLIN)
    return bool(poller.poll(within_s * 1000))
