"""The KinD node image: a Debian system, Kubernetes, and the third-party images in its containerd."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

from plumbline.core import events, state
from plumbline.core.checksum import sha256_of
from plumbline.images import assembly, debian, docker, layers, oci, population, sbom
from plumbline.images.content import SHORT, key_of
from plumbline.images.oci import Image
from plumbline.images.parts.base import Components
from plumbline.images.recipes import Recipe
from plumbline.images.tree import Tree
from plumbline.images.workshop import Workshop

NAME = "node"
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
        script = sha256_of(self.recipe.folder / population.SCRIPT)
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
                docker.feed(["import", "-", self._base_tag], self._write_base, within_s=population.WITHIN_S)
        images = [assembly.image(self.shop, recipe) for recipe in self.inside]
        with events.phase("images", "node: images inside"):
            population.populate(
                self.recipe, self._base_tag, self.tag, self.key, lambda out: oci.write_archive(out, images)
            )
        self._write_bill()
        population.retire(self.tag.rpartition(":")[0], self.tag)
        population.retire(_BASE, self._base_tag)

    def needs(self) -> tuple[str, ...]:
        """Return the jobs that its own parts wait for."""
        return tuple(need for part in self.recipe.parts for need in part.needs())

    @cached_property
    def base(self) -> Image:
        """The node without images inside, as an image for a registry."""
        layer = layers.make(self.shop.store, key_of("node-layer-1", self._base_key), self._write)
        settings = {**self.recipe.settings(), "StopSignal": self.recipe.node["stopsignal"]}
        return oci.image(base_ref(self.recipe), [layer], settings, {_LABEL: self._base_key}, self.shop.architecture)

    def _write_base(self, out: IO[bytes]) -> None:
        """Write the node's file system, without images, as one tar file."""
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            state.write_json(self._bill_cache, self._write(tar))

    def _write(self, tar: tarfile.TarFile) -> Components:
        """Append the node's file system, without images, to ``tar``, and return what is in it beside the Debian system."""
        tree, components = Tree(), []
        with self.shop.store.scratch() as scratch:
            for number, part in enumerate(self.recipe.parts):
                folder = scratch / str(number)
                folder.mkdir()
                components += part.lay(self.shop, tree, folder)
            present = debian.copy_system(self.shop.system.archive, tar, self.recipe.node["exclude"], tree.entries)
            tree.write(tar, present)
        return components

    @property
    def _bill_cache(self) -> Any:
        return self.shop.store.path("node", f"{self._base_key[:16]}.json")

    def _write_bill(self) -> None:
        components = self.shop.system.components() + (state.read_json(self._bill_cache) or [])
        provenance = [line for part in self.recipe.parts for line in part.provenance(self.shop)]
        bill = sbom.document(self.recipe, self.key, None, provenance, components)
        state.write_json(assembly.bill_file(self.shop, self.recipe), bill)


def base_ref(recipe: Recipe) -> str:
    """Return what a registry calls the node without images inside."""
    return f"{_BASE}:{str(recipe.ref).rpartition(':')[2]}"
