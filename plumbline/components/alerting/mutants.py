"""A rule altered in each way that a slip of the hand may: whoever proves the rule must notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from plumbline.components.alerting.rules import Rule

_COMPARISON: Final = re.compile(r" (==|!=|<=|>=|<|>) ")
_OTHERS: Final = {"<": ("<=", ">"), ">": (">=", "<"), "==": ("!=", ">")}
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_THRESHOLD: Final = re.compile(
    rf"(?<= [<>=] ){_NUMBER}$|(?<=, ){_NUMBER}(?=\))"
)  # compared with, or how far ahead is looked
_RANGE: Final = re.compile(r"(?<=\[)\d+[smhd](?=\])|(?<=offset )\d+[smhd]")
_SHARE: Final = 0.1  # by how much a threshold that is no whole number is altered
_FACTORS: Final = ((1, 2), (2, 1))  # half, and twice


@dataclass(frozen=True)
class Mutant:
    """An altered rule.

    Attributes:
        what: the alteration, in words.
        rule: the rule with it.
    """

    what: str
    rule: Rule

    def __str__(self) -> str:
        """Tell it."""
        return f"{self.rule}: {self.what}"


def of(rule: Rule) -> Iterator[Mutant]:
    """Alter a rule in every way, one at a time."""
    for expr in _comparisons(rule.expr):
        yield Mutant(f"comparison: {_change(rule.expr, expr)}", replace(rule, expr=expr))
    for expr in _thresholds(rule.expr):
        yield Mutant(f"threshold: {_change(rule.expr, expr)}", replace(rule, expr=expr))
    for expr in _windows(rule):
        yield Mutant(f"window: {_change(rule.expr, expr)}", replace(rule, expr=expr))
    for for_s in sorted({rule.for_s * up // down for up, down in _FACTORS} | ({60} if not rule.for_s else set())):
        if for_s != rule.for_s:
            yield Mutant(f"for: {rule.for_s} s -> {for_s} s", replace(rule, for_s=for_s))
    for metric in sorted(rule.metrics):
        expr = re.sub(rf"\b{metric}\b", f"{metric}_renamed", rule.expr)
        yield Mutant(f"metric: {metric} -> {metric}_renamed", replace(rule, expr=expr))


def _comparisons(expr: str) -> Iterator[str]:
    for found in _COMPARISON.finditer(expr):
        for other in _OTHERS[found[1]]:
            yield f"{expr[: found.start(1)]}{other}{expr[found.end(1) :]}"


def _thresholds(expr: str) -> Iterator[str]:
    for found in _THRESHOLD.finditer(expr):
        for altered in _beside(found[0]):
            yield f"{expr[: found.start()]}{altered}{expr[found.end() :]}"


def _beside(number: str) -> tuple[str, str]:
    """Return a little less and a little more: one of what is counted, a share of what is measured, or looked ahead."""
    by = float(number) * _SHARE if "." in number or abs(int(number)) in range(200, 10**6) else 1
    return f"{float(number) - by:.10g}", f"{float(number) + by:.10g}"


def _windows(rule: Rule) -> Iterator[str]:
    """Halve and double the window everywhere: it is one value of the chart."""
    if not rule.window_s:
        return
    for up, down in _FACTORS:
        altered = f"{rule.window_s * up // down}s"
        yield _RANGE.sub(altered, rule.expr)


def _change(before: str, after: str) -> str:
    """Return what differs between two texts, with a little around it."""
    start = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    from_, to = max(0, start - 12), start + 12
    return f"…{before[from_:to]}… -> …{after[from_:to]}…"
