"""The matrix as a picture (SVG 1.1): a row for each source, a column for each target, a colour for each verdict."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from plumbline.components.isolation.matrix import Cell, Matrix, Verdict

_CELL, _GAP, _LETTER = 14, 2, 6.2  # pixels
_COLOURS = {
    Verdict.OPEN: "#2e8b57",
    Verdict.CLOSED: "#dfe3e8",
    Verdict.NOT_LISTED: "#d7191c",
    Verdict.SHUT: "#f28e2b",
    Verdict.UNPROVED: "#8e44ad",
}


def svg(matrix: Matrix) -> str:
    """Draw a matrix; each cell tells its names and its verdict where the pointer rests on it."""
    rows, columns = [source.name for source in matrix.census.sources], [str(t) for t in matrix.census.targets]
    left, top = _longest(rows), _longest(columns)
    width = left + len(columns) * _CELL + _GAP
    height = top + len(rows) * _CELL + 3 * _CELL
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="monospace" font-size="10">',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *_names(rows, columns, left, top),
            *_cells(matrix, rows, columns, left, top),
            *_legend(matrix, top + len(rows) * _CELL + _CELL),
            "</svg>\n",
        ]
    )


def _longest(names: list[str]) -> int:
    return int(max(map(len, names), default=0) * _LETTER) + 2 * _GAP


def _names(rows: list[str], columns: list[str], left: int, top: int) -> Iterator[str]:
    for at, name in enumerate(rows):
        yield f'<text x="{left - _GAP}" y="{top + (at + 0.75) * _CELL}" text-anchor="end">{escape(name)}</text>'
    for at, name in enumerate(columns):
        x, y = left + (at + 0.75) * _CELL, top - _GAP
        yield f'<text x="{x}" y="{y}" transform="rotate(-90 {x} {y})">{escape(name)}</text>'


def _cells(matrix: Matrix, rows: list[str], columns: list[str], left: int, top: int) -> Iterator[str]:
    for down, source in enumerate(rows):
        for across, target in enumerate(columns):
            if cell := matrix.cells.get((source, target)):
                yield _square(cell, left + across * _CELL, top + down * _CELL)


def _square(cell: Cell, x: int, y: int) -> str:
    side, kind = _CELL - _GAP, quoteattr(cell.verdict.name.lower())
    shape = f'<rect class={kind} x="{x}" y="{y}" width="{side}" height="{side}" fill="{_COLOURS[cell.verdict]}">'
    return f"{shape}<title>{escape(str(cell))}</title></rect>"


def _legend(matrix: Matrix, y: int) -> Iterator[str]:
    x = float(_GAP)
    for verdict, colour in _COLOURS.items():
        told = f"{verdict}: {matrix.count(verdict)}"
        yield f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{colour}"/>'
        yield f'<text x="{x + _CELL + _GAP}" y="{y + 0.75 * _CELL}">{escape(told)}</text>'
        x += 2 * _CELL + len(told) * _LETTER
