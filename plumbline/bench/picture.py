"""The picture of a profile, as SVG: each step a bar, the critical path marked, the machine's load below."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from plumbline.bench.profile import Profile, Span, Step
from plumbline.core.svg import FAINT, INK, legend, line, sheet, text

_WIDTH, _LEFT, _RIGHT = 1180, 210, 70  # pixels; names stand at the left, the last seconds at the right
_TOP, _ROW, _BAR = 76, 24, 15
_LOAD = 110  # height of the load's curve
_WAITS, _PATH = "#8c959f", "#cf222e"
_AHEAD, _DOING, _WAITING, _BUSY = "#d4b8f0", "#0969da", "#a5d0f9", "#9fd3a8"
_LEGEND = (
    (_DOING, "made, deployed"),
    (_WAITING, "coming up, until ready"),
    (_AHEAD, "ahead: images, namespaces, keys"),
    (_PATH, "critical path"),
    (_BUSY, "processors busy"),
)


def draw(profile: Profile) -> str:
    """Return the picture."""
    return "\n".join(_Drawing(profile).lines()) + "\n"


class _Drawing:
    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.rows = {name: row for row, name in enumerate(profile.steps)}
        self.critical = {step.name for step in profile.critical}
        self.bottom = _TOP + _ROW * len(self.rows)

    def lines(self) -> Iterator[str]:
        height = self.bottom + _LOAD + 60
        yield from sheet(_WIDTH, height)
        yield text(16, 26, f"Bring-up {self.profile.run}: all ready after {self.profile.seconds:.1f} s", size=16)
        yield from legend(_LEGEND, 40)
        yield from self._grid()
        yield from self._waits()
        for step in self.profile.steps.values():
            yield from self._step(step)
        yield from self._load()
        yield "</svg>"

    def _x(self, at_s: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at_s / max(self.profile.seconds, 0.001)

    def _y(self, name: str) -> int:
        return _TOP + _ROW * self.rows[name]

    def _grid(self) -> Iterator[str]:
        """A line every five seconds (every minute where that would be a hatching), through bars and load."""
        every_s = 5 if self.profile.seconds <= 180 else 60
        for at_s in range(0, int(self.profile.seconds) + 1, every_s):
            yield line(self._x(at_s), _TOP - 8, self._x(at_s), self.bottom + 24 + _LOAD, FAINT)
            yield text(self._x(at_s), self.bottom + 40 + _LOAD, f"{at_s} s", anchor="middle")

    def _step(self, step: Step) -> Iterator[str]:
        y, on_path = self._y(step.name), step.name in self.critical
        yield text(_LEFT - 10, y + 12, step.name, anchor="end", weight="bold" if on_path else "normal")
        ahead = ", " in step.name
        yield self._bar(step.span, y, _AHEAD if ahead else _DOING)
        for part in step.parts:
            if part.name == "ready":
                yield self._bar(part, y, _WAITING)
        if on_path:
            x, width = self._x(step.span.start_s), self._x(step.span.end_s) - self._x(step.span.start_s)
            yield (
                f'<rect x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{_BAR}" fill="none" stroke="{_PATH}" '
                'stroke-width="2"/>'
            )
        yield text(self._x(step.span.end_s) + 6, y + 12, f"{step.span.seconds:.1f}")

    def _bar(self, span: Span, y: int, colour: str) -> str:
        x, width = self._x(span.start_s), self._x(span.end_s) - self._x(span.start_s)
        told = f"{escape(span.name)}: {span.start_s:.1f} s to {span.end_s:.1f} s"
        return f'<rect x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{_BAR}" fill="{colour}"><title>{told}</title></rect>'

    def _waits(self) -> Iterator[str]:
        """From what each step waited for, a line down to its beginning."""
        for step in self.profile.steps.values():
            gate = self.profile.gate(step)
            if gate is None:
                continue
            x = self._x(step.span.start_s)
            colour, width = (_PATH, 2) if {step.name, gate.name} <= self.critical else (_WAITS, 1)
            yield line(x, self._y(gate.name) + _BAR, x, self._y(step.name), colour, width=width)

    def _load(self) -> Iterator[str]:
        top, floor = self.bottom + 24, self.bottom + 24 + _LOAD
        yield text(_LEFT - 10, top + 12, "processors 100 %", anchor="end")
        yield text(_LEFT - 10, floor, "0 %", anchor="end")
        points, since = [], 0.0
        for at_s, busy in self.profile.load:
            y = floor - _LOAD * min(busy, 1.0)
            points += [(self._x(since), y), (self._x(at_s), y)]
            since = at_s
        outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(self._x(0), floor), *points, (self._x(since), floor)])
        yield f'<polygon points="{outline}" fill="{_BUSY}" fill-opacity="0.7"/>'
        yield line(self._x(0), floor, self._x(self.profile.seconds), floor, INK)
