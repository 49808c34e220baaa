"""How fast it is, beside the way that it is usually done, and whether it can be relied on: figures of ``plumbline bench``."""

from __future__ import annotations

from collections.abc import Sequence


def cli_main(argv: Sequence[str]) -> int:
    """Run ``plumbline bench`` and return its exit code."""
    from plumbline.bench.cli import main  # noqa: PLC0415  (bounds are read without a command line)

    return main(argv)
