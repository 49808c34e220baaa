"""``plumbline bench bringup | wait | profile | interruptions | cycles | repeats``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline import progress
from plumbline.bench.figures import Figure, report
from plumbline.core import events, state
from plumbline.core.arguments import Parser, add_stack_options, config_of, words_of
from plumbline.core.errors import ControlFailed
from plumbline.core.paths import Paths

if TYPE_CHECKING:
    from plumbline.bench.commands import Commands
    from plumbline.bench.leftovers import Place


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code: 0 when every figure is within its bound, 1 when one is not."""
    return _parser().answered(argv)


def _parser() -> Parser:
    parser = Parser("plumbline bench", description="Measure, print the figures, and fail where one is out of bounds.")
    names = "bringup|wait|profile|interruptions|cycles|repeats"
    commands = parser.add_subparsers(required=True, metavar=names, parser_class=Parser)

    def command(name: str, answer: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(answer=answer)
        return sub

    bringup = command("bringup", _bringup, "from no cluster to all ready, beside the same one after another")
    bringup.add_argument("--runs", type=_positive, default=5, help="of each way, in turn")
    waits = command("wait", _wait, "how soon a wait returns, beside kubectl wait; on a standing stack")
    waits.add_argument("--runs", type=_positive, default=40, help="changes that are waited for")
    profile = command("profile", _profile, "what made a bring-up as long as it was: a picture and a table")
    profile.add_argument("run", nargs="?", metavar="RUN", help="default: the last that brought a stack up from nothing")
    interruptions = command(
        "interruptions", _interruptions, "interrupt a bring-up everywhere; each must go on to green"
    )
    interruptions.add_argument("--count", type=_positive, default=24, help="a third each of SIGINT, SIGTERM, SIGKILL")
    interruptions.add_argument("--seed", type=int, default=1, help="of the moments at which they come")
    cycles = command("cycles", _cycles, "up and down in a row; the machine is afterwards as it was")
    cycles.add_argument("--count", type=_positive, default=10)
    repeats = command("repeats", _repeats, "suites/local in a row on a standing stack; it says the same each time")
    repeats.add_argument("--count", type=_positive, default=20)
    for sub in (bringup, waits, interruptions, cycles, repeats):
        add_stack_options(sub)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not possible; it is a number from 1 on")
    return int(text)


def _bringup(options: argparse.Namespace) -> int:
    from plumbline import doctor  # noqa: PLC0415  (a profile needs no cluster client)
    from plumbline.bench import bringup  # noqa: PLC0415

    paths = Paths.of()
    config = config_of(options, paths.root)
    events.open_run(paths.runs)
    runs = []
    with progress.shown():
        doctor.require(paths, config)
        for run in bringup.measure(config, paths, options.runs):
            runs.append(run)
            print(f"{run.way}: {run.seconds:.1f} s", flush=True)
    return _said(bringup.figures(runs))


def _wait(options: argparse.Namespace) -> int:
    from plumbline.bench import waiting  # noqa: PLC0415
    from plumbline.stack import Stack  # noqa: PLC0415

    paths = Paths.of()
    stack = Stack.open(config_of(options, paths.root), paths)
    stack.require()
    return _said(waiting.figures(list(waiting.measure(stack.site.kube, options.runs))))


def _profile(options: argparse.Namespace) -> int:
    from plumbline.bench import picture, reading, words  # noqa: PLC0415

    paths = Paths.of()
    profile = reading.load(paths, options.run or reading.last_run(paths))
    folder = paths.runs / profile.run
    state.write_text(folder / "profile.svg", picture.draw(profile))
    text = "\n".join(words.lines(profile, "profile.svg")) + "\n"
    state.write_text(folder / "profile.md", text)
    print(f"{text}\npicture: {folder / 'profile.svg'}")
    return 0


def _interruptions(options: argparse.Namespace) -> int:
    from plumbline.bench import interruptions  # noqa: PLC0415

    with _place(options) as (commands, place):
        each = interruptions.measure(commands, place, options.count, options.seed)
        done = []
        for number, one in enumerate(each, 1):
            done.append(one)
            print(f"{number} {one.plan.sign.name} {one.during}: {'green' if one.green else 'NOT GREEN'}", flush=True)
    print("", *interruptions.lines(done), sep="\n")
    return 0 if all(one.green for one in done) else ControlFailed.exit_code


def _cycles(options: argparse.Namespace) -> int:
    from plumbline.bench import cycles  # noqa: PLC0415
    from plumbline.images import engine  # noqa: PLC0415

    use = partial(cycles.Use.now, engine.engine_status().data)
    with _place(options) as (commands, place):
        done = []
        for number, one in enumerate(cycles.measure(commands, place, use, options.count), 1):
            done.append(one)
            print(f"{number}: {'green' if one.green else 'NOT GREEN'}", flush=True)
    print("", *cycles.lines(done), sep="\n")
    return 0 if all(one.green for one in done) else ControlFailed.exit_code


def _repeats(options: argparse.Namespace) -> int:
    from plumbline.bench import cycles, repeats  # noqa: PLC0415
    from plumbline.images import engine  # noqa: PLC0415
    from plumbline.stack import Stack  # noqa: PLC0415

    paths = Paths.of()
    config = config_of(options, paths.root)
    Stack.open(config, paths).require()
    run = repeats.conformance(paths.root, words_of(config))
    use = partial(cycles.Use.now, engine.engine_status().data)
    reports = paths.reports / events.open_run(paths.runs).run
    done = []
    for number, one in enumerate(repeats.measure(run, reports, use, options.count), 1):
        done.append(one)
        print(f"{number}: {', '.join(one.red) or ('green' if one.outcomes else 'NO RESULT')}", flush=True)
    print("", *repeats.lines(done), sep="\n")
    return ControlFailed.exit_code if any(repeats.troubles(done)) else 0


@contextmanager
def _place(options: argparse.Namespace) -> Iterator[tuple[Commands, Place]]:
    """Have commands for the stack that is meant, and the place where they may leave something, while the block runs."""
    from plumbline.bench.commands import Commands  # noqa: PLC0415
    from plumbline.bench.leftovers import Place  # noqa: PLC0415
    from plumbline.images import engine  # noqa: PLC0415

    paths = Paths.of()
    config = config_of(options, paths.root)
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        place = Place(paths, config.cluster_name, engine.docker_env(), Path(folder))
        yield Commands(paths.root, tuple(words_of(config)), place.environment), place


def _said(figures: Sequence[Figure]) -> int:
    """Print figures, and return the exit code that they deserve."""
    print(*report(figures), sep="\n")
    return 0 if all(figure.holds for figure in figures) else ControlFailed.exit_code
