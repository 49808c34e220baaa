"""Measured figures: what is asked of each, the statistics that they are made of, and tables of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What is asked of a figure.

    Attributes:
        target: what it should be at most.
        bound: above which it counts as a failure.
    """

    target: float
    bound: float


FROM_NOTHING = Asked(target=40.0, bound=60.0)  # seconds from no cluster to all ready, images cached
BESIDE_SEQUENTIAL = Asked(target=0.5, bound=0.7)  # the same, as a share of what it takes one after another
RETURNED = Asked(target=0.05, bound=0.1)  # seconds from a condition's becoming true to the end of a watched wait


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured.
        value: the number.
        unit: its unit; empty for a ratio.
        asked: what is asked of it; None where it is only told.
    """

    name: str
    value: float
    unit: str
    asked: Asked | None = None

    @property
    def holds(self) -> bool:
        """Whether it is within its bound."""
        return self.asked is None or self.value <= self.asked.bound

    def row(self) -> tuple[str, ...]:
        """Return it as a row: name, value, target, bound, verdict."""
        said = f"{self.value:.3g} {self.unit}".strip()
        if self.asked is None:
            return (self.name, said, "", "", "")
        verdict = "good" if self.value <= self.asked.target else "holds" if self.holds else "FAILS"
        return (self.name, said, f"{self.asked.target:g}", f"{self.asked.bound:g}", verdict)


def report(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of a table of figures."""
    yield from table(("figure", "value", "target", "fails above", ""), [figure.row() for figure in figures])


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that at least a share of them does not exceed (nearest rank).

    Args:
        values: one at least.
        share: 0 to 1; 0.95 is the 95th percentile.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table whose columns line up on a terminal, too."""
    shown = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(header, *shown, strict=True)]
    for row in (header, ["-" * width for width in widths], *shown):
        yield "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
