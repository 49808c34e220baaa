"""A dashboard as a picture (SVG): its panels in a grid, each with its curves, its newest values, and its range."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.components.telemetry.dashboard_view import Curve, Shown, View
from plumbline.core.svg import line, sheet, text

_COLUMNS, _WIDTH, _HEIGHT, _GAP, _TOP = 3, 420, 220, 16, 48  # pixels
_PLOT_TOP, _PLOT_HEIGHT, _LEGENDS, _LEGEND = 44, 104, 4, 14
_FAINT = "#d0d7de"
_COLOURS = ("#0969da", "#cf222e", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#57606a", "#0550ae")


def draw(view: View) -> str:
    """Return the picture."""
    rows = -(-len(view.panels) // _COLUMNS)
    width, height = _COLUMNS * (_WIDTH + _GAP) + _GAP, _TOP + rows * (_HEIGHT + _GAP)
    title = f"{view.dashboard.title} (uid {view.dashboard.uid})"
    parts = [*sheet(width, height), text(_GAP, 30, title, size=18)]
    for place, shown in enumerate(view.panels):
        x = _GAP + place % _COLUMNS * (_WIDTH + _GAP)
        y = _TOP + place // _COLUMNS * (_HEIGHT + _GAP)
        parts += [f'<g transform="translate({x} {y})">', *_panel(shown), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(shown: Shown) -> Iterator[str]:
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="{_FAINT}"/>'
    yield text(8, 18, shown.panel.title, size=13, weight="bold")
    curves = [curve for query in shown.queries for curve in query.curves]
    values = [value for curve in curves for _, value in curve.series.points if value == value]  # noqa: PLR0124  (not NaN)
    if not values:
        yield text(_WIDTH / 2, _HEIGHT / 2, "no data", anchor="middle")
        return
    low, high = min(values), max(values)
    yield text(_WIDTH - 8, 18, f"{low:.4g} … {high:.4g} {shown.panel.unit}", anchor="end", size=11)
    yield line(8, _PLOT_TOP + _PLOT_HEIGHT, _WIDTH - 8, _PLOT_TOP + _PLOT_HEIGHT, _FAINT)
    moments = [at for curve in curves for at, _ in curve.series.points]
    for place, curve in enumerate(curves):
        yield _curve(curve, _COLOURS[place % len(_COLOURS)], (min(moments), max(moments)), (low, high))
    for place, curve in enumerate(curves[:_LEGENDS]):
        newest = f"{curve.name}: {curve.series.points[-1][1]:.4g}"
        y = _PLOT_TOP + _PLOT_HEIGHT + _LEGEND * (place + 1)
        yield line(8, y - 4, 20, y - 4, _COLOURS[place], width=3)
        yield text(26, y, newest[:70], size=11)
    if len(curves) > _LEGENDS:
        yield text(_WIDTH - 8, _HEIGHT - 4, f"and {len(curves) - _LEGENDS} more", anchor="end", size=11)


def _curve(curve: Curve, colour: str, time: tuple[float, float], bounds: tuple[float, float]) -> str:
    points = [
        f"{8 + (_WIDTH - 16) * _share(at, *time):.1f},{_PLOT_TOP + _PLOT_HEIGHT * (1 - _share(value, *bounds)):.1f}"
        for at, value in curve.series.points
        if value == value  # noqa: PLR0124  (not NaN)
    ]
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5
