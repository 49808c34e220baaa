"""``plumbline secrets``: sealing secrets, and the custody of the keys that open them."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from plumbline.components.secrets import sealing
from plumbline.components.secrets.sealing import Scope
from plumbline.core import state
from plumbline.core.arguments import add_options
from plumbline.core.errors import ControlFailed, UsageError
from plumbline.core.paths import Paths
from plumbline.kube.api import Object

if TYPE_CHECKING:
    from plumbline.components.sealed_secrets import SealedSecrets
    from plumbline.components.secrets.sealed_report import Report

Keeper = Callable[[], "SealedSecrets"]
ACTIONS = ("seal", "rotate", "backup", "restore", "report")
_OWNER_ONLY = 0o600


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Add what can be done, with its options, to the command's parser."""
    actions = parser.add_subparsers(dest="action", metavar="|".join(ACTIONS), required=True, parser_class=type(parser))

    def action(name: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        add_options(added)
        return added

    seals = action("seal", "read a Secret's manifest from standard input and print its SealedSecret")
    seals.add_argument("--scope", choices=list(map(str, Scope)), default=str(Scope.STRICT), help="default: strict")
    seals.add_argument("--because", metavar="TEXT", default="", help="why the scope is wider than strict, in words")
    text = "seal for the cluster of this certificate (PEM), whose controller need not be reached"
    seals.add_argument("--cert", metavar="FILE", type=Path, help=text)
    action("rotate", "make a new key, seal everything anew with it, and report")
    backs_up = action("backup", "write every key to a file that opens with a passphrase only")
    backs_up.add_argument("file", metavar="FILE", type=Path)
    add_passphrase(backs_up)
    restores = action("restore", "give the cluster the keys of a backup, and say what cannot be unsealed even so")
    restores.add_argument("file", metavar="FILE", type=Path)
    add_passphrase(restores)
    text = "the backup was made of another cluster, which this one replaces"
    restores.add_argument("--of-another-cluster", action="store_true", help=text)
    action("report", "list the keys, and which of them each SealedSecret is sealed to")


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add the way to give a passphrase to a command's parser."""
    text = "the first line of this file is the passphrase (default: the first line of standard input)"
    parser.add_argument("--passphrase-file", metavar="FILE", type=Path, help=text)


def command(options: argparse.Namespace, keeper: Keeper) -> int:
    """Do what the command line asks for, and return the exit code.

    Args:
        options: as parsed.
        keeper: returns the controller of the standing stack.

    Raises:
        ControlFailed: there are SealedSecrets that no key opens.
    """
    match options.action:
        case "seal":
            print(_sealed(options, keeper), end="")
        case "rotate":
            sealed_secrets = keeper()
            print(f"new key {sealed_secrets.rotate().name}")
            for name in sealed_secrets.reseal():
                print(f"{name} is sealed anew")
            _show(sealed_secrets.report())
        case "backup":
            _back_up(options, keeper())
        case "restore":
            text, opening = _read(options.file), passphrase(options.passphrase_file)
            _show(keeper().restore(text, opening, of_another=options.of_another_cluster))
        case "report":
            _show(keeper().report())
    return 0


def _sealed(options: argparse.Namespace, keeper: Keeper) -> str:
    """Return the manifest of the SealedSecret that was asked for."""
    from plumbline import images  # noqa: PLC0415

    secret, scope = _manifest(sys.stdin.read()), Scope(options.scope)
    if options.cert is None:
        sealed = keeper().seal(secret, scope, options.because)
    else:
        kubeseal = images.tool(Paths.of(), "kubeseal")
        sealed = sealing.seal(kubeseal, _read(options.cert), secret, scope, options.because)
    return str(yaml.safe_dump(sealed, sort_keys=False))


def _manifest(text: str) -> Object:
    """Return the one Secret in a manifest, which names its namespace (the seal is bound to it)."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError:
        raise UsageError("standard input is not YAML: give the manifest of a Secret") from None
    if len(documents) != 1 or not isinstance(documents[0], dict) or documents[0].get("kind") != "Secret":
        raise UsageError("standard input is not the manifest of one Secret: seal them one by one")
    (secret,) = documents
    missing = [key for key in ("name", "namespace") if not (secret.get("metadata") or {}).get(key)]
    if missing:
        raise UsageError(f"the Secret has no metadata.{missing[0]}: name it, for the seal is bound to it")
    return secret  # type: ignore[no-any-return]


def _back_up(options: argparse.Namespace, sealed_secrets: SealedSecrets) -> None:
    if options.file.exists():
        raise UsageError(f"{options.file} exists already: name another file, an older backup may still be needed")
    state.write_text(options.file, sealed_secrets.backup(passphrase(options.passphrase_file)), mode=_OWNER_ONLY)
    print(f"{options.file} holds {len(sealed_secrets.keys())} keys; keep it, and its passphrase elsewhere")


def _show(report: Report) -> None:
    print(report)
    if report.lost:
        names = ", ".join(one.name for one in report.lost)
        raise ControlFailed(f"no key opens {names}: restore a later backup, or seal them anew from their source")


def passphrase(file: Path | None) -> str:
    """Return the passphrase; it is never an argument, since everybody on the machine can read those."""
    if file is not None:
        lines = _read(file).splitlines()
    elif sys.stdin.isatty():
        lines = [getpass.getpass("passphrase: ")]
    else:
        lines = sys.stdin.readline().splitlines()
    if not lines or not lines[0]:
        raise UsageError(f"{file or 'standard input'} holds no passphrase: its first line is taken")
    return lines[0]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError:
        raise UsageError(f"{file} is no text: name the right file") from None
