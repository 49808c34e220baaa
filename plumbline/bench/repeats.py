"""The conformance run again and again on one standing stack: it says the same each time, and the machine stays as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.bench.cycles import DISK_BYTES, MEMORY_BYTES, Use, mb
from plumbline.bench.figures import table
from plumbline.core import shell, state
from plumbline.core.report_files import RESULTS

_WITHIN_S = 3600.0
_GREEN = ("passed", "skipped")  # what is skipped says so in the report, and why


@dataclass(frozen=True)
class Repeat:
    """One run of the suite.

    Attributes:
        seconds: how long it took.
        outcomes: what became of each test, by its id.
        said: what it said last, where it left no result.
        use: what of the machine was in use afterwards.
    """

    seconds: float
    outcomes: Mapping[str, str]
    said: str
    use: Use

    @property
    def red(self) -> list[str]:
        """The tests that did not end well."""
        return [test for test, outcome in self.outcomes.items() if outcome not in _GREEN]


Run = Callable[[Path], shell.Result]  # runs the suite once, with its report in a folder


def conformance(root: Path, options: Sequence[str]) -> Run:
    """Return what runs ``suites/local`` of a checkout on its standing stack, which is kept."""

    def run(report: Path) -> shell.Result:
        argv = [sys.executable, "-m", "pytest", "suites/local", "--keep", f"--report-dir={report}", *options]
        return shell.run(argv, within_s=_WITHIN_S, cwd=root, check=False)

    return run


def measure(run: Run, reports: Path, use: Callable[[], Use], count: int) -> Iterator[Repeat]:
    """Run the suite ``count`` times, and yield each."""
    for number in range(1, count + 1):
        folder = reports / str(number)
        ended = run(folder)
        results: Mapping[str, Any] = state.read_json(folder / RESULTS) or {"tests": []}
        outcomes = {test["id"]: test["outcome"] for test in results["tests"]}
        yield Repeat(ended.seconds, outcomes, shell.gist(ended.stdout + ended.stderr), use())


def troubles(done: Sequence[Repeat]) -> Iterator[str]:
    """Say which tests did not say the same each time, which runs said nothing, and what grew since the first run."""
    for number, one in enumerate(done, 1):
        if not one.outcomes:
            yield f"run {number} gave no result: {one.said}"
    for test in sorted({test for one in done for test in one.red}):
        runs = [str(number) for number, one in enumerate(done, 1) if test in one.red]
        yield f"{test}: red in {len(runs)} of {len(done)} runs ({', '.join(runs)})"
    grown = (
        ("disk", done[-1].use.disk - done[0].use.disk, DISK_BYTES),
        ("memory", done[-1].use.memory - done[0].use.memory, MEMORY_BYTES),
    )
    for what, more, bound in grown:
        if more > bound:
            yield f"{mb(more)} more {what} in use than after the first run; at most {mb(bound)} may be"


def lines(done: Sequence[Repeat]) -> Iterator[str]:
    """Yield the table, the troubles, and the score."""
    header = ("#", "seconds", "passed", "skipped", "red", "disk", "memory")
    yield from table(header, [_row(number, one, done[0].use) for number, one in enumerate(done, 1)])
    yield from troubles(done)
    green = sum(bool(one.outcomes) and not one.red for one in done)
    yield f"{green} of {len(done)} runs were green; disk and memory: against the first run"


def _row(number: int, one: Repeat, first: Use) -> tuple[str, ...]:
    outcomes = list(one.outcomes.values())
    counts = (outcomes.count("passed"), outcomes.count("skipped"), len(one.red))
    grown = (mb(one.use.disk - first.disk, "+"), mb(one.use.memory - first.memory, "+"))
    return (str(number), f"{one.seconds:.0f}", *map(str, counts), *grown)
