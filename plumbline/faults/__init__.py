"""Ways to break the stack on purpose, each with the control that must notice it.

A fault is a few lines in one of the modules of :mod:`plumbline.faults.actions`; see :mod:`plumbline.faults.registry`.
"""

from __future__ import annotations

from collections.abc import Sequence


def cli_main(argv: Sequence[str]) -> int:
    """Run ``plumbline faults`` and return its exit code."""
    from plumbline.faults.cli import main  # noqa: PLC0415  (looking up a fault needs no command line)

    return main(argv)
