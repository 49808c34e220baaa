"""Parts that are compiled: Go programs, and the one program in C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from plumbline.images import native
from plumbline.images.content import key_of
from plumbline.images.parts.base import Components, Part
from plumbline.images.tree import Tree

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop


@dataclass(frozen=True)
class GoPart(Part):
    """Binaries of a program in ``local/programs``.

    Attributes:
        program: the program's folder.
        files: path in the image -> name of the binary.
    """

    kind: ClassVar[str] = "go"
    program: str
    files: Mapping[str, str]

    def needs(self) -> tuple[str, ...]:
        """Return the job that builds the program."""
        return (f"program {self.program}",)

    def key(self, shop: Workshop) -> str:
        """Return the key of the program's pins, the toolchain and the chosen files."""
        return key_of(shop.go.key(shop.programs[self.program]), self.files)

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Put the binaries in place."""
        program = shop.programs[self.program]
        built = shop.go.built(program)
        for path, binary in self.files.items():
            tree.add(path, built / binary, 0o755)
        return shop.go.components(program, set(self.files.values()))

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the module with its checksum."""
        program = shop.programs[self.program]
        return [f"go {program.module}@{program.version} {program.sum}"]


@dataclass(frozen=True)
class CPart(Part):
    """A static program from one C file of a Go module.

    Attributes:
        module: the Go module.
        source: the file in it.
        file: path in the image.
        flags: what the compiler gets besides.
    """

    kind: ClassVar[str] = "c"
    module: str
    source: str
    file: str
    flags: list[str]

    def needs(self) -> tuple[str, ...]:
        """Return the job that installs the Debian system, with whose C library the compiler runs."""
        return ("os",)

    def key(self, shop: Workshop) -> str:
        """Return the key of the module's checksum, the compiler and its flags."""
        return key_of(shop.upstream.sum(self.module), self.source, self.file, self.flags, native.key(shop))

    def lay(self, shop: Workshop, tree: Tree, scratch: Path) -> Components:
        """Compile the program."""
        source = shop.upstream.file(self.module, self.source)
        tree.add(self.file, native.compile_static(shop, source, self.flags, scratch), 0o755)
        return [shop.upstream.component(self.module)]

    def provenance(self, shop: Workshop) -> list[str]:
        """Return the module with its checksum."""
        return [f"go {self.module}@{shop.upstream.version(self.module)} {shop.upstream.sum(self.module)}"]
