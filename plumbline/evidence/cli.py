"""``plumbline report show | diff | verify``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from plumbline.core.arguments import Parser
from plumbline.core.paths import Paths
from plumbline.core.report_files import SUMMARY
from plumbline.evidence import attestation, comparison, keys, page, runs


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code; without an action the latest run is shown."""
    return _parser().answered(argv or ["show"])


def _parser() -> Parser:
    parser = Parser("plumbline report", description="What finished runs left.")
    commands = parser.add_subparsers(required=True, metavar="show|diff|verify", parser_class=Parser)

    showing = commands.add_parser("show", help="print a run's summary, and make its page (report.html)")
    _add_run(showing)
    showing.set_defaults(answer=_show)

    comparing = commands.add_parser("diff", help="say what differs between two runs, by control, image and value")
    comparing.add_argument("before", metavar="A", help="the earlier run")
    comparing.add_argument("after", metavar="B", help="the later one")
    comparing.set_defaults(answer=_diff)

    checking = commands.add_parser(
        "verify", help="check that a run's evidence is whole and as it was sealed; asks nobody"
    )
    _add_run(checking)
    checking.add_argument("--key", type=Path, metavar="FILE", help="the signer's public key (default: this checkout's)")
    checking.set_defaults(answer=_verify)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="a run's name, or the folder of its report (default: the latest)"
    )


def _show(options: argparse.Namespace) -> int:
    paths = Paths.of()
    folder = runs.find(paths, options.run)
    print((folder / SUMMARY).read_text(), end="")
    print(f"\nall of it: {folder}", flush=True)
    print(f"as a page: {page.make(paths, folder)}")
    return 0


def _diff(options: argparse.Namespace) -> int:
    paths = Paths.of()
    before, after = (runs.results(runs.find(paths, name)) for name in (options.before, options.after))
    print("\n".join(comparison.differences(before, after)) or "nothing differs")
    return 0


def _verify(options: argparse.Namespace) -> int:
    paths = Paths.of()
    folder = runs.find(paths, options.run)
    sealed = attestation.verify(folder, keys.trusted(paths, options.key))
    print(f"{folder}: whole and as it was sealed ({sealed.files} files)")
    print(f"commit  {sealed.commit}")
    for ref, digest in sealed.images.items():
        print(f"image   {ref}  {digest}")
    return 0
