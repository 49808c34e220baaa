"""The KinD node image: a Debian system, Kubernetes, and the third-party images in its containerd."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from plumbline.core import events, state
from plumbline.images import assembly, debian, docker, oci, sbom
from plumbline.images.content import SHORT, key_of, key_of_file
from plumbline.images.recipes import Recipe
from plumbline.images.tree import Tree
from plumbline.images.workshop import Workshop

NAME = "node"
_IMPORT_WITHIN_S = 900.0
_CONTAINER = "plumbline-node-build-"  # and the process that builds
_BASE = "plumbline.local/node-base"
_LABEL = "dev.plumbline.recipe"


@dataclass
class Node:
    """The node image of a checkout.

    Attributes:
        shop: what it is made with.
    """

    shop: Workshop

    @property
    def recipe(self) -> Recipe:
        """The node's own recipe."""
        return self.shop.recipes[NAME]

    @cached_property
    def inside(self) -> list[Recipe]:
        """The images that are stored in it, sorted by name."""
        return [
            recipe
            for recipe in self.shop.recipes.values()
            if recipe.ref and recipe.load == "node" and recipe.name != NAME
        ]

    @cached_property
    def _base_key(self) -> str:
        parts = [assembly.layer_key(self.shop, part) for part in self.recipe.parts]
        return key_of("node-base-1", parts, self.shop.system.key, self.recipe.node)

    @cached_property
    def key(self) -> str:
        """Key of everything that the node is made of."""
        images = [(recipe.ref, assembly.content_key(self.shop, recipe)) for recipe in self.inside]
        script = key_of_file(self.recipe.folder / "populate.sh")
        return key_of("node-1", self._base_key, self.recipe.settings(), images, script)

    @property
    def tag(self) -> str:
        """Its name in the engine: our own, with the content key, so that no genuine image is ever overwritten."""
        return f"{self.recipe.ref}-{self.key[:SHORT]}"

    @property
    def _base_tag(self) -> str:
        return f"{_BASE}:{self._base_key[:SHORT]}"

    def is_built(self) -> bool:
        """Return whether the engine has it."""
        return docker.has_image(self.tag)

    def build(self) -> None:
        """Build it, as far as the engine has not got it; the images inside must be built."""
        if self.is_built():
            return
        if not docker.has_image(self._base_tag):
            with events.phase("images", "node: system and Kubernetes"):
                docker.feed(["import", "-", self._base_tag], self._write_base, within_s=_IMPORT_WITHIN_S)
        with events.phase("images", "node: images inside"):
            self._populate()
        self._write_bill()
        self._retire_others()

    def needs(self) -> tuple[str, ...]:
        """Return the jobs that its own parts wait for."""
        return tuple(need for part in self.recipe.parts for need in part.needs())

    def _write_base(self, out: IO[bytes]) -> None:
        """Write the node's file system, without images, as one tar file."""
        tree = Tree()
        with self.shop.store.scratch() as scratch:
            for number, part in enumerate(self.recipe.parts):
                folder = scratch / str(number)
                folder.mkdir()
                self._components += part.lay(self.shop, tree, folder)
            with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                present = debian.copy_system(self.shop.system.archive, tar, self.recipe.node["exclude"], tree.entries)
                tree.write(tar, present)
        state.write_json(self._bill_cache, self._components)

    def _populate(self) -> None:
        """Start the base without its init system, let its containerd take the images, and commit that."""
        _remove_abandoned()
        container = f"{_CONTAINER}{os.getpid()}"
        images = [assembly.image(self.shop, recipe) for recipe in self.inside]
        script = (self.recipe.folder / "populate.sh").read_text()
        docker.run(
            "run",
            "--detach",
            "--name",
            container,
            *self._settings(),
            self._base_tag,
            "infinity",
            within_s=_IMPORT_WITHIN_S,
        )
        try:
            argv = ["exec", "--interactive", container, "bash", "-c", script]
            docker.feed(argv, lambda out: oci.write_archive(out, images), within_s=_IMPORT_WITHIN_S)
            changes = [f"ENTRYPOINT {json.dumps(list(self.recipe.entrypoint))}", "CMD []", f"LABEL {_LABEL}={self.key}"]
            changes += [f"ENV {setting}" for setting in self.recipe.env]
            argv = [word for change in changes for word in ("--change", change)]
            docker.run("commit", *argv, container, self.tag, within_s=_IMPORT_WITHIN_S)
        finally:
            docker.run("rm", "--force", "--volumes", container, check=False)

    def _retire_others(self) -> None:
        """Remove node images of former recipes from the engine, except those that a container still uses."""
        for repository in (str(self.recipe.ref).partition(":")[0], _BASE):
            listed = docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository).stdout.split()
            for tag in set(listed) - {self.tag, self._base_tag}:
                docker.run("image", "rm", tag, check=False)

    def _settings(self) -> Sequence[str]:
        """Return how the base is started: no network, and nothing of what a running containerd leaves gets committed."""
        stop = f"--stop-signal={self.recipe.node['stopsignal']}"  # commit keeps it, and there is no other way without a build
        return (
            "--entrypoint=sleep",
            stop,
            "--network=none",
            "--security-opt=seccomp=unconfined",
            "--tmpfs=/run",
            "--tmpfs=/tmp",
        )

    @cached_property
    def _components(self) -> list[dict[str, Any]]:
        return []

    @property
    def _bill_cache(self) -> Any:
        return self.shop.store.path("node", f"{self._base_key[:16]}.json")

    def _write_bill(self) -> None:
        components = self.shop.system.components() + (state.read_json(self._bill_cache) or [])
        provenance = [line for part in self.recipe.parts for line in part.provenance(self.shop)]
        bill = sbom.document(self.recipe, self.key, None, provenance, components)
        state.write_json(assembly.bill_file(self.shop, self.recipe), bill)


def _remove_abandoned() -> None:
    """Remove containers of builds whose process was killed."""
    listed = docker.run("ps", "--all", "--format", "{{.Names}}", "--filter", f"name=^{_CONTAINER}").stdout.split()
    for container in listed:
        if not Path("/proc", container.removeprefix(_CONTAINER)).exists():
            docker.run("rm", "--force", "--volumes", container, check=False)
