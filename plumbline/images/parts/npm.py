"""Parts that are JavaScript: npm packages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from plumbline.core.checksum import sha256_of
from plumbline.images import npm, wheels
from plumbline.images.content import key_of
from plumbline.images.parts.base import Components, Part
from plumbline.images.tree import Tree

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop


@dataclass(frozen=True)
class NpmPart(Part):
    """npm packages of a checksum-locked package-lock.json, as published.

    Attributes:
        package: folder with package.json and package-lock.json, from the recipe's folder.
        node: pins the wheel that carries Node and npm, from the recipe's folder.
        path: where ``node_modules`` is in the image.
    """

    kind: ClassVar[str] = "npm"
    package: str
    node: str
    path: str

    def key(self, shop: Workshop) -> str:
        """Return the key of the pins and of the npm that installs them."""
        return key_of(npm.key(self._package), sha256_of(self._node), self.path)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Install the packages."""
        installed = npm.install(self._package, scratch, wheels.toolchain(shop.store, self._node))
        tree.add_folder(f"{self.path}/node_modules", installed)
        return npm.components(self._package)

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the packages with their checksums."""
        return [f"npm {name}@{version} {integrity}" for name, version, integrity in npm.pins(self._package)]

    @property
    def _package(self) -> Path:
        return (self.folder / self.package).resolve()

    @property
    def _node(self) -> Path:
        return (self.folder / self.node).resolve()
