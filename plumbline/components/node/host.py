"""What the engine has of KinD: its network, and the containers that are nodes, of whatever cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from plumbline.core import shell
from plumbline.core.errors import EngineUnavailable

Seen = dict[str, Any]  # a container, as the engine describes it

KIND_LABEL = "io.x-k8s.kind.cluster"
_ASK_WITHIN_S = 20.0


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
