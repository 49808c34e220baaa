"""``plumbline restore``: a node from a snapshot in the place of the node that it is of, and the way back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from plumbline.core.errors import UsageError

if TYPE_CHECKING:
    from plumbline.components.recovery.restore import Restore


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked for to the command's parser."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--snapshot", metavar="NAME", help="the VolumeSnapshot")
    what.add_argument("--undo", action="store_true", help="send clients back, and remove what was restored")
    parser.add_argument(
        "--size", metavar="QUANTITY", default="", help="of the new volume (default: the snapshot's), like 4Gi"
    )


def command(options: argparse.Namespace, restore: Restore) -> int:
    """Do what the command line asks for, and return the exit code.

    Raises:
        UsageError: the options do not fit together, or the snapshot cannot be restored here.
        PlumblineError: no node came of it; clients are served as before.
    """
    if options.undo:
        if options.size:
            raise UsageError("--size belongs to --snapshot: leave it out")
        restore.undo()
        print("clients are sent where they were before, and what was restored is gone")
        return 0
    restored = restore.judged(options.snapshot, size=options.size)
    restore.take_over(restored)
    print(restored)
    print(f"clients are sent to {restored.node.name} instead of {restored.replaces}, which runs on without them")
    print('to go back: "plumbline restore --undo"')
    return 0
