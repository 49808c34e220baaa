"""What a machine without network needs: every package that is fetched on the way, by the registry that has it."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.images import npm, wheels
from plumbline.images.workshop import Workshop

_PYTHON = (
    *("requirements/*.txt", "local/*/requirements.txt", "local/images/*/requirements.txt"),
    "local/programs/toolchain/*.txt",
)


def packages(shop: Workshop) -> Iterator[str]:
    """Yield each pinned package once, as "registry name version", ordered by these."""
    yield from sorted({*_go(shop), *_debian(shop), *_python(shop), *_npm(shop)})


def _go(shop: Workshop) -> Iterator[str]:
    """Yield the Go modules whose content (not only their go.mod) a go.sum records."""
    for file in shop.paths.local.glob("programs/*/go.sum"):
        for line in file.read_text().splitlines():
            module, version, _ = line.split()
            if not version.endswith("/go.mod"):
                yield f"go {module} {version}"


def _debian(shop: Workshop) -> Iterator[str]:
    for section in shop.debian_lock.sections.values():
        yield from (f"deb {name} {entry['version']}" for name, entry in section.items())


def _python(shop: Workshop) -> Iterator[str]:
    for pattern in _PYTHON:
        for file in shop.paths.root.glob(pattern):
            yield from (f"pypi {name} {version}" for name, version in wheels.pins(file).items())


def _npm(shop: Workshop) -> Iterator[str]:
    for file in shop.paths.local.glob("**/package-lock.json"):
        yield from (f"npm {name} {version}" for name, version, _ in npm.pins(file.parent))
