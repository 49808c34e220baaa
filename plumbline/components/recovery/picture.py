"""A drill as a picture: its phases as bars, the heads of the old and the new node as steps, requests served and lost below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from plumbline.components.recovery.drill import Drill
from plumbline.core import svg
from plumbline.core.svg import FAINT, INK

_WIDTH, _LEFT, _RIGHT = 1100, 190, 60  # pixels
_TOP, _ROW, _BAR = 76, 24, 15
_HEADS, _REQUESTS, _GAP = 150, 90, 40
_PHASE, _OLD, _NEW, _SERVED, _LOST = "#0969da", "#8c959f", "#1a7f37", "#9fd3a8", "#cf222e"
_BIN_S = 0.5


def draw(drill: Drill) -> str:
    """Return the picture."""
    drawn = _Drawing(drill)
    return "\n".join([*svg.sheet(_WIDTH, drawn.floor + _GAP), *drawn.parts(), "</svg>"]) + "\n"


class _Drawing:
    def __init__(self, drill: Drill) -> None:
        self.drill = drill
        moments = [*(r.at for r in drill.tally.requests), *(p.end for p in drill.phases)]
        self.start = min([drill.phases[0].start, *moments])
        self.seconds = max(max(moments) - self.start, 1.0)
        self.heads_top = _TOP + _ROW * len(drill.phases) + _GAP // 2
        self.requests_top = self.heads_top + _HEADS + _GAP // 2
        self.floor = self.requests_top + _REQUESTS

    def parts(self) -> Iterator[str]:
        mode, ended = self.drill.mode, f"RTO {self.drill.rto_s:.1f} s" if self.drill.restored else "nobody took over"
        yield svg.text(16, 26, f"Restore drill, {mode}: {ended}", size=16)
        colours = (_PHASE, _OLD, _NEW, _SERVED, _LOST)
        meanings = ("phase", *(f"head of {name}" for name in self.drill.heads), "requests served", "requests lost")
        yield from svg.legend(zip(colours, meanings, strict=True), 40, every=200)
        yield from self._grid()
        yield from self._phases()
        yield from self._heads()
        yield from self._requests()

    def _x(self, moment: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (moment - self.start) / self.seconds

    def _grid(self) -> Iterator[str]:
        for second in range(0, int(self.seconds) + 1, 5):
            x = self._x(self.start + second)
            yield svg.line(x, _TOP - 8, x, self.floor, FAINT)
            yield svg.text(x, self.floor + 16, f"{second} s", anchor="middle")

    def _phases(self) -> Iterator[str]:
        for row, phase in enumerate(self.drill.phases):
            y, left, right = _TOP + _ROW * row, self._x(phase.start), self._x(phase.end)
            yield svg.text(_LEFT - 10, y + 12, phase.name, anchor="end")
            yield svg.bar(left, y, right - left, _BAR, _PHASE, f"{phase.name}: {phase.seconds:.1f} s")
            yield svg.text(right + 6, y + 12, f"{phase.seconds:.1f}")

    def _heads(self) -> Iterator[str]:
        numbers = [head.number for watched in self.drill.heads.values() for head in watched.heads]
        low, high = min(numbers, default=0), max(numbers, default=0)
        floor = self.heads_top + _HEADS
        yield svg.text(_LEFT - 10, self.heads_top + 12, f"block {high}", anchor="end")
        yield svg.text(_LEFT - 10, floor, f"block {low}", anchor="end")
        yield svg.line(self._x(self.start), floor, self._x(self.start + self.seconds), floor, INK)
        for colour, watched in zip((_OLD, _NEW), self.drill.heads.values(), strict=True):
            left = [*(head.seen_at for head in watched.heads[1:]), watched.answered_at]
            steps = (
                [
                    point
                    for head, until in zip(watched.heads, left, strict=True)
                    for y in (floor - (_HEADS - 10) * (head.number - low) / max(high - low, 1),)
                    for point in ((self._x(head.seen_at), y), (self._x(until), y))
                ]
                if watched.heads
                else []
            )
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
            yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'

    def _requests(self) -> Iterator[str]:
        bins: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
        for request in self.drill.tally.requests:
            bins[bool(request.instead)][int((request.at - self.start) / _BIN_S)] += 1
        highest = max((bins[True][b] + bins[False][b] for b in (*bins[True], *bins[False])), default=1)
        yield svg.text(_LEFT - 10, self.requests_top + 12, f"{highest / _BIN_S:.0f} requests/s", anchor="end")
        width = self._x(self.start + _BIN_S) - self._x(self.start) - 1
        for b in sorted({*bins[True], *bins[False]}):
            x, y = self._x(self.start + b * _BIN_S), float(self.floor)
            for lost, colour, what in ((True, _LOST, "lost"), (False, _SERVED, "served")):
                if count := bins[lost][b]:
                    height = _REQUESTS * count / highest
                    y -= height
                    yield svg.bar(x, y, width, height, colour, f"{count} {what}")
