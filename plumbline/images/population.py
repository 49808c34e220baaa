"""Making a node image: its base, started without an init system, whose containerd is given the images."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from plumbline.images import docker
from plumbline.images.recipes import Recipe

WITHIN_S = 900.0
SCRIPT = "populate.sh"
CONTAINER = "plumbline-node-build-"  # and the process that builds
_LABEL = "dev.plumbline.recipe"


def populate(
    recipe: Recipe,
    base: str,
    tag: str,
    key: str,
    feed: Callable[[IO[bytes]], object],
    *,
    fetched: Sequence[str] = (),
    network: str = "none",
) -> None:
    """Make a node image.

    Args:
        recipe: the node's recipe.
        base: the engine's image of a node without images.
        tag: what the result is called in the engine.
        key: its label: the key of everything that it is made of.
        feed: writes what the script takes on its standard input.
        fetched: images that containerd is to fetch, as name:tag@digest.
        network: the engine's network that it may use for that.
    """
    _remove_abandoned()
    container = f"{CONTAINER}{os.getpid()}"
    script = (recipe.folder / SCRIPT).read_text()
    docker.run("run", "--detach", "--name", container, *_settings(recipe, network), base, "infinity", within_s=WITHIN_S)
    try:
        argv = ["exec", "--interactive", container, "bash", "-c", script, SCRIPT, *fetched]
        docker.feed(argv, feed, within_s=WITHIN_S)
        changes = [f"ENTRYPOINT {json.dumps(list(recipe.entrypoint))}", "CMD []", f"LABEL {_LABEL}={key}"]
        changes += [f"ENV {setting}" for setting in recipe.env]
        argv = [word for change in changes for word in ("--change", change)]
        docker.run("commit", *argv, container, tag, within_s=WITHIN_S)
    finally:
        docker.run("rm", "--force", "--volumes", container, check=False)


def retire(repository: str, *kept: str) -> None:
    """Remove images of a name from the engine, except the tags to keep and those that a container still uses."""
    listed = docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).stdout.split()
    for tag in set(listed) - set(kept):
        docker.run("image", "rm", tag, check=False)


def _settings(recipe: Recipe, network: str) -> Sequence[str]:
    """Return how the base is started: nothing of what a running containerd leaves gets committed."""
    stop = f"--stop-signal={recipe.node['stopsignal']}"  # commit keeps it, and there is no other way without a build
    return (
        "--entrypoint=sleep",
        stop,
        f"--network={network}",
        "--security-opt=seccomp=unconfined",
        "--tmpfs=/run",
        "--tmpfs=/tmp",
    )


def _remove_abandoned() -> None:
    """Remove containers of builds whose process was killed."""
    listed = docker.run("ps", "--all", "--format", "{{.Names}}", "--filter", f"name=^{CONTAINER}").stdout.split()
    for container in listed:
        if not Path("/proc", container.removeprefix(CONTAINER)).exists():
            docker.run("rm", "--force", "--volumes", container, check=False)
