"""Parts from Debian packages."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from plumbline.images import apt, debian
from plumbline.images.content import key_of
from plumbline.images.parts.base import Components, Part
from plumbline.images.tree import Tree

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop


@dataclass(frozen=True)
class OsPart(Part):
    """A Debian system of the packages that are named, and of what they depend on.

    Attributes:
        suite: the Debian release.
        packages: what is installed beside the essential packages.
        exclude: what the layer leaves out of it (patterns on paths without a leading slash).
    """

    kind: ClassVar[str] = "os"
    suite: str
    packages: list[str]
    exclude: list[str] = field(default_factory=list)

    def needs(self) -> tuple[str, ...]:
        """Return the job that installs the system."""
        return ("os",)

    def key(self, shop: Workshop) -> str:
        """Return the key of the system and what is left out."""
        return key_of(shop.system.key, self.exclude)

    def write(self, shop: Workshop, tar: tarfile.TarFile) -> Components:
        """Append the system, as it was installed, to the layer."""
        debian.copy_system(shop.system.archive, tar, self.exclude)
        return shop.system.components()

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Refuse: a system has owners, hard links and modes that only an archive keeps."""
        raise NotImplementedError("a Debian system is written to a layer, not laid into a tree")

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the suite and the packages that were asked for; what was installed is in the software bill of materials."""
        return [f"debian {self.suite}: {', '.join(self.packages)}"]


@dataclass(frozen=True)
class OsFilesPart(Part):
    """A few files of the Debian system, for images that need no more of it.

    Attributes:
        files: path in the image -> path in the system.
        folders: folders that are wanted: path -> octal mode.
    """

    kind: ClassVar[str] = "os-files"
    files: Mapping[str, str]
    folders: Mapping[str, str] = field(default_factory=dict)

    def needs(self) -> tuple[str, ...]:
        """Return the job that installs the system."""
        return ("os",)

    def key(self, shop: Workshop) -> str:
        """Return the key of the system and the chosen files."""
        return key_of(shop.system.key, self.files, self.folders)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the files in place."""
        with tarfile.open(shop.system.archive) as system:
            for path, source in self.files.items():
                content = system.extractfile(f"./{source.lstrip('/')}")
                assert content is not None
                tree.add(path, content.read())
        for path, mode in self.folders.items():
            tree.folder(path, int(mode, 8))
        return []

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the files that are taken."""
        return [f"debian {shop.system.part.suite}: {', '.join(self.files.values())}"]


@dataclass(frozen=True)
class DebPart(Part):
    """Files out of Debian packages, whose scripts are not run.

    Attributes:
        suite: the Debian release that the packages are taken from.
        packages: the packages.
        files: path in the image -> path in a package.
    """

    kind: ClassVar[str] = "deb"
    suite: str
    packages: list[str]
    files: Mapping[str, str]

    def key(self, shop: Workshop) -> str:
        """Return the key of the recorded packages and the chosen files."""
        return key_of(self.suite, self.packages, self.files, shop.debian_lock.of(self.suite, self.packages))

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Fetch the packages and put the files in place."""
        debs = shop.debs(self.suite, self.packages)
        apt.unpack(debs, scratch)
        for path, source in self.files.items():
            tree.add(path, scratch / source.lstrip("/"))
        return [debian.component(deb.name, deb.version, deb.sha256) for deb in debs]

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the packages with their recorded checksums."""
        return [f"deb {name} {entry}" for name, entry in shop.debian_lock.of(self.suite, self.packages).items()]
