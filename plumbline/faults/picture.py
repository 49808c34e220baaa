"""The fault matrix as a picture (SVG 1.1): a row for each fault, a column for each control that one of them was judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plumbline.core import svg
from plumbline.faults.verdict import Outcome, Verdict

_CELL, _LETTER, _EDGE = 16, 6.6, 16  # pixels
_RED, _GREEN, _MISSED = "#d7191c", "#2e8b57", "#f28e2b"
_MEANING = (
    (_RED, "red, as it should be"),
    (_GREEN, "stayed green, as it should"),
    (_MISSED, "not as it should be"),
)


def draw(verdicts: Sequence[Verdict]) -> str:
    """Draw what became of faults; each cell tells the verdict where the pointer rests on it."""
    columns = sorted({control for one in verdicts for control in (one.fault.breaks, *one.fault.green)})
    left = _EDGE + max((len(one.fault.name) for one in verdicts), default=0) * _LETTER
    top = _EDGE + max(map(len, columns), default=0) * _LETTER
    width, height = left + len(columns) * _CELL + 200, top + (len(verdicts) + 3) * _CELL
    lines = svg.sheet(int(width), int(height))
    for across, control in enumerate(columns):
        lines.append(_upright(left + (across + 0.8) * _CELL, top - 4, control))
    for down, one in enumerate(verdicts):
        y = top + down * _CELL
        lines.append(svg.text(left - 4, y + 12, one.fault.name, anchor="end", size=11))
        lines += _cells(one, columns, left, y)
        lines.append(svg.text(left + len(columns) * _CELL + 8, y + 12, _seconds(one), size=11))
    return "\n".join([*lines, *svg.legend(_MEANING, height - 2 * _CELL, every=220), "</svg>\n"])


def _cells(one: Verdict, columns: Sequence[str], left: float, y: float) -> Iterator[str]:
    for control in (one.fault.breaks, *one.fault.green):
        own = control == one.fault.breaks
        missed = not one.caught and (own or one.outcome is Outcome.BYSTANDER_RED)
        colour = _MISSED if missed else _RED if own else _GREEN
        told = f"{one.fault.name}, {control}: {f'{one.outcome}: {one.why}' if own else 'must stay green'}"
        yield svg.bar(left + columns.index(control) * _CELL + 1, y + 1, _CELL - 2, _CELL - 2, colour, told)


def _upright(x: float, y: float, said: str) -> str:
    return f'<g transform="rotate(-90 {x:.1f} {y:.1f})">{svg.text(x, y, said, size=11)}</g>'


def _seconds(one: Verdict) -> str:
    if one.detect_s is None:
        return str(one.outcome)
    healed = "" if one.heal_s is None else f", steady {one.heal_s:.1f} s after the heal"
    return f"noticed in {one.detect_s:.1f} s{healed}"
