"""``plumbline existing``: what is done with a cluster that others run before the reading controls judge it."""

from __future__ import annotations

import argparse

from plumbline.core.config import Config
from plumbline.core.paths import Paths


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(parser))
    propose = actions.add_parser("propose", help="print a map of what stands there, for you to correct")
    propose.add_argument(
        "--namespace", action="append", default=[], metavar="NAME", help="look here only (may be repeated)"
    )
    check = actions.add_parser("check", help="ask the API server whether the context may do more than read")
    check.add_argument("--map", required=True, metavar="FILE", help="the map of the stack there")
    for action in (propose, check):
        action.add_argument("--context", required=True, metavar="NAME", help="a context of the kubeconfig")
        action.add_argument("--kubeconfig", required=True, metavar="FILE", help="the file that the context is in")


def command(options: argparse.Namespace, paths: Paths) -> int:
    """Run an action and return its exit code."""
    from plumbline.components.existing import access, proposal  # noqa: PLC0415
    from plumbline.components.existing.stack import Existing, reached  # noqa: PLC0415

    given = {"target": "existing", "context": options.context, "kubeconfig": options.kubeconfig}
    if options.action == "propose":
        kube = reached(Config.load(paths.root, given), paths)
        print(proposal.text(proposal.propose(kube, options.namespace)), end="")
        return 0
    stack = Existing.open(Config.load(paths.root, {**given, "map": options.map}), paths)
    stack.require()
    print(f"{access.who(stack.kube)} may only read")
    return 0
