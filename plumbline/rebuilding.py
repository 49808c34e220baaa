"""``plumbline export`` and ``plumbline rebuild``: a cluster that was lost, from the repository and what was kept outside of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline import custody
from plumbline.core.errors import ControlFailed

if TYPE_CHECKING:
    from plumbline.components.base import Site
    from plumbline.components.recovery.vault import Export
    from plumbline.stack import Stack


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what both are asked for to a command's parser."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="outside of the cluster")
    custody.add_passphrase(parser)


def export(options: argparse.Namespace, site: Site) -> int:
    """Write an export of the standing stack into a folder, and return the exit code."""
    from plumbline.components.recovery import vault  # noqa: PLC0415  (asking for help needs no components)

    kept = vault.export(site, options.folder, custody.passphrase(options.passphrase_file))
    print(
        f"{kept.folder} holds the chain up to block {kept.block} at least; keep it off this cloud, its passphrase elsewhere"
    )
    return 0


def rebuild(options: argparse.Namespace, open_stack: Callable[[], Stack]) -> int:
    """Replace the cluster by a new one that serves the chain of an export, and return the exit code.

    Args:
        options: as parsed.
        open_stack: returns the stack, as it stands at that moment.

    Raises:
        UsageError: the export is not whole, or the passphrase is another one; nothing was deleted.
        ControlFailed: the new cluster serves another chain.
    """
    from plumbline.components.recovery.vault import Export  # noqa: PLC0415
    from plumbline.components.secrets import escrow  # noqa: PLC0415

    passphrase = custody.passphrase(options.passphrase_file)
    kept = Export.read(options.folder)
    escrow.unlocked(kept.keys, passphrase)
    open_stack().down()
    anew(open_stack, kept, passphrase)
    print(f"the chain of {kept.folder} is served again: block {kept.block} is {kept.hash}")
    return 0


def anew(open_stack: Callable[[], Stack], kept: Export, passphrase: str) -> None:
    """Bring up a stack where there is none, with the keys and the data of an export.

    Args:
        open_stack: returns the stack, as it stands at that moment; what made the cluster takes nothing in it as deployed.
        kept: the export.
        passphrase: opens its keys.

    Raises:
        ControlFailed: it serves another chain.
    """
    from plumbline.components.devnet import NAMESPACE  # noqa: PLC0415

    stack = open_stack()
    stack.up(["sealed-secrets", "storage"])
    stack.site.kube.ensure_namespace(NAMESPACE, "restricted")
    stack.site.kube.apply(kept.sealed)
    stack.sealed_secrets.restore(kept.keys, passphrase, of_another=True)
    kept.restore_volumes(stack.site)
    open_stack().up()
    if others := stack.execution.hashes_at(kept.block).other_than(kept.hash):
        raise ControlFailed(
            f"the rebuilt cluster serves another chain: {others.line(f'block {kept.block} {kept.hash}')}"
        )
