"""The image lock: the one list of images that may run in the cluster, and how each is had (``local/images/lock.toml``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from plumbline.core import state
from plumbline.core.errors import ConfigError
from plumbline.core.paths import Paths
from plumbline.images import assembly, node, workshop
from plumbline.images.recipes import ASKED

FILE = "local/images/lock.toml"
_WHEN_ASKED = "built when it is asked for"
_KEYS = {"ref", "recipe", "optional", "reason", "digest"}


@dataclass(frozen=True)
class Entry:
    """One image.

    Attributes:
        name: its name in the lock.
        ref: name and tag, as upstream has them.
        recipe: the recipe that builds it; empty where it can only be pulled.
        optional: whether the stack does without it.
        reason: why it is left out where it is not had.
        digest: the digest that a pulled image must have; empty where none was recorded.
        provenance: where a built image comes from: names, versions, checksums (read from its recipe, not kept in the lock).
    """

    name: str
    ref: str
    recipe: str = ""
    optional: bool = False
    reason: str = ""
    digest: str = ""
    provenance: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class ImageLock:
    """All entries of the lock, by name."""

    entries: dict[str, Entry]

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the entries."""
        return iter(self.entries.values())

    def by_ref(self, ref: str) -> Entry | None:
        """Return the entry of an image by its name and tag, or None: then it has no business in the cluster."""
        return next((entry for entry in self if entry.ref == ref), None)


@cache
def load(root: Path | None = None) -> ImageLock:
    """Return the lock of the checkout at ``root`` (default: the one around the working directory)."""
    paths = Paths.of(root)
    shop = workshop.of(paths)
    entries = {}
    for name, table in state.read_toml(paths.root / FILE, FILE).items():
        if unknown := sorted(set(table) - _KEYS):
            raise ConfigError(
                f"{FILE}: [{name}] has an unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}"
            )
        recipe = shop.recipes.get(table.get("recipe", ""))
        provenance = assembly.provenance(shop, recipe) if recipe else ()
        entries[name] = Entry(name=name, provenance=tuple(provenance), **table)
    return ImageLock(entries)


def renewed(old: ImageLock, shop: workshop.Workshop, digests: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the text of the lock for the recipes as they are now.

    Args:
        old: the lock so far; its digests and its images that cannot be built are kept.
        shop: the recipes.
        digests: digests that were read from a registry, by name and tag.
    """
    built = {
        recipe.name: Entry(
            name=recipe.name,
            ref=node.base_ref(recipe) if recipe.name == node.NAME else recipe.ref,
            recipe=recipe.name,
            optional=recipe.load == ASKED,
            reason=_WHEN_ASKED if recipe.load == ASKED else "",
        )
        for recipe in shop.recipes.values()
        if recipe.ref
    }
    for entry in old:
        if (entry.name in built and built[entry.name].ref == entry.ref) or not entry.recipe:
            built[entry.name] = entry
    text = (
        "# Every image that may run in the cluster. Written by `plumbline images lock`; the recipes are the source.\n"
    )
    for entry in built.values():
        text += f'\n[{entry.name}]\nref = "{entry.ref}"\n'
        text += f'recipe = "{entry.recipe}"\n' if entry.recipe else ""
        text += f'optional = true\nreason = "{entry.reason}"\n' if entry.optional else ""
        digest = digests.get(entry.ref, entry.digest)
        text += f'digest = "{digest}"\n' if digest else ""
    return text
