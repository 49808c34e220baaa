"""What every kind of part has in common."""

from __future__ import annotations

import dataclasses
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from plumbline.core.errors import ConfigError
from plumbline.images.tree import Tree

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop

Components = list[dict[str, Any]]


@dataclass(frozen=True)
class Part(ABC):
    """Some files of an image, from one kind of source; becomes one layer.

    Attributes:
        folder: the recipe's folder, from which relative paths count.
    """

    kind: ClassVar[str]
    folder: Path = dataclasses.field(metadata={"given": True})

    @classmethod
    def parse(cls, table: Mapping[str, Any], folder: Path) -> Self:
        """Return the part that ``table`` describes, refusing what is missing or unknown."""
        known = {item.name: item for item in dataclasses.fields(cls) if not item.metadata.get("given")}
        if unknown := sorted(set(table) - set(known)):
            raise ConfigError(
                f'part "{cls.kind}" has an unknown key {", ".join(unknown)}; known are {", ".join(sorted(known))}'
            )
        needed = {name for name, item in known.items() if _is_needed(item)}
        if missing := sorted(needed - set(table)):
            raise ConfigError(f'part "{cls.kind}" lacks {", ".join(missing)}')
        return cls(folder=folder, **table)

    def needs(self) -> tuple[str, ...]:
        """Return the names of the jobs whose results the part is made from."""
        return ()

    @abstractmethod
    def key(self, shop: Workshop) -> str:
        """Return the content key of the part: of its data and of everything that it is made from."""

    @abstractmethod
    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the part's files into ``tree`` and return which components they are.

        Args:
            shop: what to make them with.
            tree: where they go.
            scratch: an empty folder that lives until the tree was written.
        """

    @abstractmethod
    def provenance(self, shop: Workshop) -> list[str]:
        """Return where the part comes from: names, versions, and the sums that they are checked by."""

    def write(self, shop: Workshop, tar: tarfile.TarFile) -> Components:
        """Append the part's files to a layer and return which components they are."""
        tree = Tree()
        with shop.store.scratch() as scratch:
            components = self.lay(shop, tree, scratch)
            tree.write(tar)
        return components


def named(shop: Workshop, source: Path) -> str:
    """Return what a folder of the checkout is called there."""
    return source.relative_to(shop.paths.root.resolve(), walk_up=True).as_posix()


def _is_needed(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
