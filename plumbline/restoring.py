"""``plumbline restore``: a node from a snapshot in the place of another, and the way back; ``plumbline rehearse``: an upgrade."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from plumbline.core.errors import ControlFailed, UsageError

if TYPE_CHECKING:
    from plumbline.components.base import Site
    from plumbline.components.recovery.restore import Restore


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked for to the command's parser."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--snapshot", metavar="NAME", help="the VolumeSnapshot")
    what.add_argument("--undo", action="store_true", help="send clients back, and remove what was restored")
    parser.add_argument(
        "--into",
        metavar="NAMESPACE",
        default="",
        help="only look at it: into a new namespace of its own, where it gets no clients",
    )
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
    if restore.elsewhere is not None:
        print(restored)
        print(f"it gets no clients in namespace {options.into}")
        print(f'to remove both: "plumbline restore --undo --into {options.into}"')
        return 0
    restore.take_over(restored)
    print(restored)
    print(f"clients are sent to {restored.node.name} instead of {restored.replaces}, which runs on without them")
    print('to go back: "plumbline restore --undo"')
    return 0


def add_rehearsal(parser: argparse.ArgumentParser) -> None:
    """Add what a rehearsal is asked for to the command's parser."""
    parser.add_argument(
        "--image", metavar="REPOSITORY:TAG", required=True, help="the other client, as the nodes have it"
    )
    parser.add_argument(
        "--node", metavar="POD", default="geth-follower-0", help="whose clone runs it (default: %(default)s)"
    )


def rehearse(options: argparse.Namespace, site: Site) -> int:
    """Rehearse an upgrade, print the verdict, and return the exit code.

    Raises:
        ControlFailed: it must not be rolled out, or could not be taken back.
    """
    from plumbline.components.recovery import rehearsal  # noqa: PLC0415

    verdict = rehearsal.rehearse(site, options.node, options.image)
    if not verdict.passed:
        raise ControlFailed(str(verdict))
    print(verdict)
    return 0
