"""The end of a run on the terminal: each control on a line, then the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reports.model import Control, Figure, Run, Verdict

Colour = Literal["green", "red", "yellow", ""]
_COLOURS: dict[Verdict, Colour] = {"proved": "green", "failed": "red", "not run": "yellow"}
_SECONDS = 10  # columns for the seconds at the end of a line


@dataclass(frozen=True)
class Line:
    """A line for the terminal."""

    text: str
    colour: Colour = ""


def lines(run: Run, width: int) -> Iterator[Line]:
    """Yield the summary of a run.

    Args:
        run: the run.
        width: columns of the terminal.
    """
    shown = [control for control in run.controls if control.tests]
    for control in shown:
        yield _control(control, width)
        if control.reason:
            yield Line(_cut(f"{'':20}{control.reason}", width), _COLOURS[control.verdict])
    yield Line(_totals(run))
    if run.figures:
        yield Line("")
        yield from (_figure(figure, width) for figure in run.figures)


def _control(control: Control, width: int) -> Line:
    verdict = control.verdict.upper() if control.verdict == "failed" else control.verdict
    head = _cut(f"{verdict:<9} {control.id:<9} {control.claim}", width - _SECONDS)
    return Line(f"{head:<{width - _SECONDS}}{control.seconds:>7.1f} s", _COLOURS[control.verdict])


def _totals(run: Run) -> str:
    """Return one line of sums: what was tried, and for what reasons the rest was not."""
    tried = f"{len(run.of_verdict('proved'))} proved, {len(run.of_verdict('failed'))} failed"
    untried = run.of_verdict("not run")
    why = Counter(control.reason for control in untried if not control.tests)
    parts = [f"{count} {reason}" for reason, count in why.most_common()]
    return f"{tried}, {len(untried)} not run here" + (f" ({'; '.join(parts)})" if parts else "")


def _figure(figure: Figure, width: int) -> Line:
    limits = [f"target {figure.target:g}"] if figure.target is not None else []
    limits += [f"fails above {figure.bound:g}"] if figure.bound is not None else []
    text = f"{figure.name:<32} {figure.value:>10.4g} {figure.unit:<6}" + (f" ({', '.join(limits)})" if limits else "")
    return Line(_cut(text.rstrip(), width), "" if figure.within else "red")


def _cut(text: str, width: int) -> str:
    """Return the first line of ``text``, shortened to ``width`` columns."""
    text = text.partition("\n")[0]
    return text if len(text) <= width else text[: max(1, width - 2)] + "…"
