"""What finished runs left: shown as a page, compared, and checked to be whole and untouched.

Runs write their evidence themselves (the package ``reports``, by tests); of it this package knows the published form only, results.json.
"""

from __future__ import annotations

from collections.abc import Sequence


def cli_main(argv: Sequence[str]) -> int:
    """Run ``plumbline report`` and return its exit code."""
    from plumbline.evidence.cli import main  # noqa: PLC0415  (sealing a run needs no command line)

    return main(argv)
