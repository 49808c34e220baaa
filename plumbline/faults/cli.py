"""``plumbline faults list | run | heal``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from plumbline.core import events, state
from plumbline.core.arguments import Parser, add_stack_options, config_of
from plumbline.core.config import Config
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths
from plumbline.faults import picture, registry
from plumbline.faults.injuries import undo
from plumbline.faults.judge import PytestJudge
from plumbline.faults.pytests import Forked
from plumbline.faults.registry import Fault
from plumbline.faults.runner import LiveRunner, StaticRunner, permit
from plumbline.faults.verdict import Verdict, diagnosis

if TYPE_CHECKING:
    from plumbline.stack import Stack


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code: 0 when every fault was caught, 1 when one was missed."""
    return _parser().answered(argv)


def _parser() -> Parser:
    parser = Parser("plumbline faults", description="Break the stack on purpose and demand that its controls notice.")
    commands = parser.add_subparsers(required=True, metavar="list|run|heal", parser_class=Parser)

    listing = commands.add_parser("list", help="show the registered faults")
    listing.add_argument(
        "--for", dest="controls", metavar="CONTROL", action="append", default=[], help="only those that break this"
    )
    listing.set_defaults(answer=_list)

    running = commands.add_parser("run", help="inject faults into the standing stack, one after another")
    which = running.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--for", dest="controls", metavar="CONTROL", action="append", default=[], help="all that break this"
    )
    which.add_argument("--fault", dest="faults", metavar="NAME", action="append", default=[], help="this one")
    which.add_argument("--all", action="store_true", help="every one that a whole stack has")
    kind = running.add_mutually_exclusive_group()
    kind.add_argument("--static", action="store_true", help="of those, the ones that need no stack")
    kind.add_argument("--live", action="store_true", help="of those, the ones that break the standing stack")
    running.add_argument(
        "--no-check-before", dest="check_before", action="store_false", help="trust that the controls are green now"
    )
    add_stack_options(running)
    running.set_defaults(answer=_run)

    healing = commands.add_parser("heal", help="undo what an interrupted run left broken")
    add_stack_options(healing)
    healing.set_defaults(answer=_heal)
    return parser


def _list(options: argparse.Namespace) -> int:
    for fault in _chosen(registry.load(), options.controls, []):
        kind = "static" if fault.static else "live"
        print(f"{fault.breaks:<9} {fault.name:<32} {kind:<7} injures {fault.injured:<24} {fault.summary}")
    return 0


def _run(options: argparse.Namespace) -> int:
    faults = _chosen(registry.load(), options.controls, options.faults)
    faults = [fault for fault in faults if not (options.live if fault.static else options.static)]
    if options.all:
        faults = [fault for fault in faults if not fault.suite]
    paths, config = Paths.of(), _config(options)
    stream = events.open_run(paths.runs)
    evidence = paths.reports / stream.run
    static = StaticRunner(
        paths.root, lambda root: PytestJudge(root, evidence, config, "suites/prod"), options.check_before
    )
    verdicts = [_announced(fault, static.run) for fault in faults if fault.static]
    live = [fault for fault in faults if not fault.static]
    if live:
        stack = _stack(config)
        permit(stack)
        with undo.alone(stack, purpose="faults run"):
            for healed in undo.Journal(undo.folder_of(stack)).heal(stack):
                print(f"healed what an interrupted run left: {healed}", flush=True)
            runner = LiveRunner(stack, PytestJudge(paths.root, evidence, config, pytest=Forked()), options.check_before)
            verdicts += [_announced(fault, runner.run) for fault in live]
    state.write_json(evidence / "faults.json", [verdict.plain for verdict in verdicts])
    state.write_text(evidence / "faults.svg", picture.draw(verdicts))
    print("", *table(verdicts), f"evidence: {evidence}", sep="\n")
    return 0 if all(verdict.caught for verdict in verdicts) else 1


def _heal(options: argparse.Namespace) -> int:
    stack = _stack(_config(options))
    if stack.standing:
        permit(stack)
    healed = undo.heal_leftovers(stack)
    print("\n".join(f"healed: {what}" for what in healed) or "nothing is broken by a fault")
    return 0


def _chosen(known: registry.Registry, controls: Sequence[str], names: Sequence[str]) -> list[Fault]:
    """Return the faults that are asked for: by control, by name, or all of them."""
    if not controls and not names:
        return list(known.all())
    return [fault for control in controls for fault in known.breaking(control)] + [known.named(name) for name in names]


def _config(options: argparse.Namespace) -> Config:
    config = config_of(options, Paths.of().root)
    if config.target != "kind":
        raise UsageError(f"faults are not injected into --target {config.target}: it is only read; use --target kind")
    return config


def _stack(config: Config) -> Stack:
    from plumbline.stack import Stack  # noqa: PLC0415  (listing faults, and static ones, need no cluster client)

    return Stack.open(config)


def _announced(fault: Fault, run: Callable[[Fault], Verdict]) -> Verdict:
    """Run a fault, and say so before and after: it takes a while."""
    print(f"{fault.name}: {fault.summary}", flush=True)
    verdict = run(fault)
    print(f"  {verdict.outcome.value} ({verdict.seconds:.1f} s): {verdict.why}", flush=True)
    return verdict


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield the result table: each fault on a line, then the score."""
    yield f"{'control':<9} {'fault':<32} {'verdict':<26} {'detect':>8} {'heal':>8} {'all':>8}"
    for verdict in verdicts:
        times = (verdict.detect_s, verdict.heal_s, verdict.seconds)
        columns = " ".join(f"{'–' if seconds is None else f'{seconds:.1f} s':>8}" for seconds in times)
        yield f"{verdict.fault.breaks:<9} {verdict.fault.name:<32} {verdict.outcome.value:<26} {columns}"
    caught = sum(verdict.caught for verdict in verdicts)
    yield f"{caught} of {len(verdicts)} faults caught; what was hurt was named in {diagnosis(verdicts):.0%} of those that were noticed"
