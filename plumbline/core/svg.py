"""What pictures are made of (SVG 1.1): white paper, lines of text, straight lines, and bars that tell what they are."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

INK, FAINT = "#24292f", "#d0d7de"


def sheet(width: int, height: int) -> list[str]:
    """Return the beginning of a picture of that size (pixels); "</svg>" ends it."""
    box = f'width="{width}" height="{height}"'
    meant = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    return [f'<svg {box} {meant} fill="{INK}">', f'<rect {box} fill="#ffffff"/>']


def text(x: float, y: float, said: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    """Return a line of text at a point (pixels)."""
    style = f'text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: int = 1) -> str:
    """Return a straight line between two points (pixels)."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def bar(x: float, y: float, width: float, height: float, colour: str, told: str) -> str:
    """Return a bar, a pixel wide at least, that tells what it is where the pointer rests on it."""
    size = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}"'
    return f'<rect {size} fill="{colour}"><title>{escape(told)}</title></rect>'


def legend(entries: Iterable[tuple[str, str]], y: float, *, every: int = 180) -> Iterable[str]:
    """Yield a legend: colours with what they mean, a number of pixels apart."""
    for place, (colour, meaning) in enumerate(entries):
        x = 16 + every * place
        yield f'<rect x="{x}" y="{y:.1f}" width="14" height="14" fill="{colour}"/>'
        yield text(x + 20, y + 12, meaning)
