"""Parts that are files already: beside the recipe, elsewhere in the checkout, or in a Go module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ConfigError
from plumbline.images.content import files_of, key_of, key_of_tree
from plumbline.images.parts.base import Components, Part, named
from plumbline.images.tree import Tree

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop


@dataclass(frozen=True)
class FilesPart(Part):
    """A folder beside the recipe, laid over the image's root.

    Attributes:
        source: the folder.
        links: symbolic links besides: path in the image -> target.
        empty: files that must be there and hold nothing.
    """

    kind: ClassVar[str] = "files"
    source: str
    links: Mapping[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)

    def key(self, shop: Workshop) -> str:
        """Return the key of the folder's content."""
        return key_of(key_of_tree(self.folder / self.source), self.links, self.empty)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the files in place."""
        tree.add_folder("/", self.folder / self.source)
        for path, target in self.links.items():
            tree.link(path, target)
        for path in self.empty:
            tree.add(path, b"")
        return []

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the folder with the checksum of its content."""
        return [f"files {self.folder.name}/{self.source} sha256:{key_of_tree(self.folder / self.source)}"]


@dataclass(frozen=True)
class FolderPart(Part):
    """A folder of this repository that is run as it is: a program of ours that needs no compiler.

    Attributes:
        source: the folder, from the recipe's folder.
        path: where it is in the image.
        only: names of those of its files that are meant; all, where none is named.
    """

    kind: ClassVar[str] = "folder"
    source: str
    path: str
    only: list[str] = field(default_factory=list)

    def key(self, shop: Workshop) -> str:
        """Return the key of the content."""
        return key_of(self._sum, self.path)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the files in place."""
        for name in self.only:
            tree.add(f"{self.path}/{name}", self._source / name)
        if not self.only:
            tree.add_folder(self.path, self._source)
        return []

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the folder, or the files, with the checksum of the content."""
        return [f"source {', '.join(self.only) or named(shop, self._source)} sha256:{self._sum}"]

    @property
    def _sum(self) -> str:
        if self.only:
            return key_of([(name, sha256_of(self._source / name)) for name in self.only])
        return key_of_tree(self._source)

    @property
    def _source(self) -> Path:
        return (self.folder / self.source).resolve()


@dataclass(frozen=True)
class ModulePart(Part):
    """A folder of a Go module, laid over the image's root, with edits that must apply.

    Attributes:
        module: the module.
        source: the folder in it.
        executable: which of its files are programs (patterns); a module archive keeps no executable bits.
        edit: path in the image -> [text that is there, text that takes its place].
    """

    kind: ClassVar[str] = "module"
    module: str
    source: str
    executable: list[str] = field(default_factory=list)
    edit: Mapping[str, list[list[str]]] = field(default_factory=dict)

    def key(self, shop: Workshop) -> str:
        """Return the key of the module's checksum and what is done to it."""
        return key_of(shop.upstream.sum(self.module), self.source, self.executable, self.edit)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the files in place, edited."""
        root = shop.upstream.folder(self.module) / self.source
        for file in files_of(root):
            path = f"/{PurePosixPath(file.relative_to(root).as_posix())}"
            mode = 0o755 if any(fnmatch(path, pattern) for pattern in self.executable) else 0o644
            content = file.read_bytes()
            for old, new in self.edit.get(path, ()):
                if old.encode() not in content:
                    raise ConfigError(
                        f'{self.module}: {path} does not hold "{old}", which is to be replaced: look at the new version'
                    )
                content = content.replace(old.encode(), new.encode())
            tree.add(path, content, mode)
        return [shop.upstream.component(self.module)]

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the module with its checksum."""
        return [f"go {self.module}@{shop.upstream.version(self.module)} {shop.upstream.sum(self.module)}"]
