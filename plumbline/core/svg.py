"""What every picture needs (SVG 1.1): white paper, lines of text, straight lines."""

from __future__ import annotations

from xml.sax.saxutils import escape

_INK = "#24292f"


def sheet(width: int, height: int) -> list[str]:
    """Return the beginning of a picture of that size (pixels); "</svg>" ends it."""
    box = f'width="{width}" height="{height}"'
    meant = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    return [f'<svg {box} {meant} fill="{_INK}">', f'<rect {box} fill="#ffffff"/>']


def text(x: float, y: float, said: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    """Return a line of text at a point (pixels)."""
    style = f'text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: int = 1) -> str:
    """Return a straight line between two points (pixels)."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
