"""Settings of this machine's kernel that a Kubernetes node changes for everybody: kept before the first node, put back after the last.

A KinD node has no kernel of its own, and the kubelet sets what it wants to be set wherever it runs
(https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/, ``--protect-kernel-defaults``).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline.core import events, shell, state
from plumbline.core.errors import EngineUnavailable

Seen = dict[str, Any]  # a container, as the engine describes it

# What the kubelet sets (setupKernelTunables of its container manager).
SETTINGS = (
    "vm.overcommit_memory",
    "vm.panic_on_oom",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.keys.root_maxkeys",
    "kernel.keys.root_maxbytes",
)
KIND_LABEL = "io.x-k8s.kind.cluster"
_ASK_WITHIN_S = 20.0
_PROC = Path("/proc/sys")


class Kernel:
    """The kernel's settings, as they were before any node; the note is shared by all checkouts, as the kernel is."""

    def __init__(self, cache: Path, proc: Path = _PROC) -> None:
        """Keep the note in the cache folder; ``proc`` is where the kernel shows its settings."""
        self._note, self._proc = cache / "kernel-settings.json", proc

    def remember(self) -> None:
        """Note the settings, unless that was done since this machine started: then a node is, or was, at work."""
        if self._noted() is None:
            values = {name: self._file(name).read_text().strip() for name in SETTINGS if self._file(name).exists()}
            state.write_json(self._note, {"boot": self._boot(), "values": values})

    def put_back(self) -> None:
        """Put back what differs, if we may; without root it stays, harmless until the machine restarts."""
        for name, value in (self._noted() or {}).items():
            if self._file(name).read_text().strip() == value:
                continue
            try:
                self._file(name).write_text(value)
            except OSError:
                text = f'the kernel setting {name} stays as the node has set it; "sysctl -w {name}={value}" puts it back, as root'
                events.emit("cluster", "notice", text=text)
        self._note.unlink(missing_ok=True)

    def _noted(self) -> dict[str, str] | None:
        note = state.read_json(self._note) or {}
        return note["values"] if note.get("boot") == self._boot() else None

    def _file(self, name: str) -> Path:
        return self._proc / name.replace(".", "/")

    def _boot(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self._proc / "kernel/random/boot_id").read_text().strip()
        return ""


class Network:
    """The engine's network for KinD's nodes: KinD makes it, and leaves it to whoever needs it next."""

    NAME = "kind"

    def __init__(self, env: Mapping[str, str]) -> None:
        """Reach the engine with this environment."""
        self._env = env

    def exists(self) -> bool:
        """Return whether it is there."""
        return self._docker("network", "inspect", "--format", "{{.Id}}", self.NAME).ok

    def remove_unused(self) -> None:
        """Remove it where nothing is connected to it, running or not."""
        if not self.exists() or nodes_left(self._env):
            return
        said = self._docker("network", "inspect", "--format", "{{json .Containers}}", self.NAME)
        if said.ok and not json.loads(said.stdout):
            self._docker("network", "rm", self.NAME)

    def _docker(self, *words: str) -> shell.Result:
        return shell.run(["docker", *words], within_s=_ASK_WITHIN_S, env=self._env, check=False)


def nodes_left(env: Mapping[str, str]) -> bool:
    """Return whether the engine has a node of any KinD cluster."""
    return bool(clusters(env))


def clusters(env: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the KinD clusters of which the engine has a node, running or not."""
    shown = ["--filter", f"label={KIND_LABEL}", "--format", f'{{{{.Label "{KIND_LABEL}"}}}}']
    return frozenset(shell.run(["docker", "ps", "--all", *shown], within_s=_ASK_WITHIN_S, env=env).stdout.split())


def nodes_of(cluster: str, env: Mapping[str, str]) -> list[Seen]:
    """Return the engine's view of the containers that are nodes of a KinD cluster, running or not.

    Args:
        cluster: the cluster's name.
        env: how the engine is reached.

    Raises:
        EngineUnavailable: the engine does not answer.
    """
    argv = ["docker", "ps", "--all", "--quiet", "--filter", f"label={KIND_LABEL}={cluster}"]
    listed = shell.run(argv, within_s=_ASK_WITHIN_S, env=env, check=False)
    if not listed.ok:
        where = env.get("DOCKER_HOST") or os.environ.get("DOCKER_HOST", "its default address")
        raise EngineUnavailable(where, shell.gist(listed.stderr))
    ids = listed.stdout.split()
    if not ids:
        return []
    said = shell.run(["docker", "container", "inspect", *ids], within_s=_ASK_WITHIN_S, env=env, check=False)
    return json.loads(said.stdout)  # type: ignore[no-any-return]
