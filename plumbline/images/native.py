"""The C compiler for the one program in C: Debian's Tiny C Compiler with musl, so that nothing of this machine gets into the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.core import shell
from plumbline.images import apt

if TYPE_CHECKING:
    from plumbline.images.workshop import Workshop

SUITE = "trixie"
PACKAGES = ("tcc", "musl-dev")
_WITHIN_S = 60.0


def key(shop: Workshop) -> dict[str, str]:
    """Return what a compiled program depends on beside its source and flags."""
    return shop.debian_lock.of(SUITE, PACKAGES)


def compile_static(shop: Workshop, source: Path, flags: Sequence[str], scratch: Path) -> Path:
    """Compile one C file to a static program in ``scratch``, and return it."""
    apt.unpack(shop.debs(SUITE, PACKAGES), scratch)
    (musl,) = scratch.glob("usr/lib/*-linux-musl")
    (tcc,) = scratch.glob("usr/lib/*-linux-gnu/tcc")
    include = [f"-I{tcc / 'include'}", f"-I{scratch / 'usr/include' / musl.name}"]
    linked = [musl / "crt1.o", musl / "crti.o", source, musl / "libc.a", tcc / "libtcc1.a", musl / "crtn.o"]
    compiler = [
        *shop.system.program(scratch / "usr/bin/tcc"),
        f"-B{tcc}",
        "-static",
        "-nostdinc",
        "-nostdlib",
        *include,
    ]
    shell.run([*compiler, *flags, "-o", scratch / "program", *linked], within_s=_WITHIN_S)
    return scratch / "program"
