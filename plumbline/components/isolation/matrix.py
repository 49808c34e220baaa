"""The matrix of flows: what each cell should be, what it was found to be, and what that means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from plumbline.components.isolation.census import Backend, Census, Source, Target
from plumbline.components.isolation.flows import ANOTHER_NODE, API_SERVER, FILE, NODE, OUTSIDE, Flows


class Verdict(StrEnum):
    """What is made of a cell; the first two are as they should be."""

    OPEN = "open"
    CLOSED = "closed"
    NOT_LISTED = "open, though not listed"
    SHUT = "closed, though listed"
    UNPROVED = "closed, but nobody reached it, so that proves nothing"

    @property
    def right(self) -> bool:
        """Whether it is as it should be."""
        return self in (Verdict.OPEN, Verdict.CLOSED)


@dataclass(frozen=True)
class Cell:
    """One source, one target."""

    source: Source
    target: Target
    verdict: Verdict

    def __str__(self) -> str:
        """Tell source, target, port, and the verdict."""
        return f"{self.source.name} ({self.source.place}) to {self.target} is {self.verdict}"


@dataclass(frozen=True)
class Matrix:
    """All cells of one sweep, and what the table does not know of.

    Attributes:
        census: the rows and the columns.
        cells: every pair by the names of source and target, but those of a pod with itself (which no policy is about), and of a
            node with a Service of whose pods it may reach some only (there chance decides).
        unlisted: pods and ports that no row of the table is about, in words.
        seconds: how long the sweep took.
    """

    census: Census
    cells: Mapping[tuple[str, str], Cell]
    unlisted: tuple[str, ...] = ()
    seconds: float = 0.0

    def wrong(self) -> list[str]:
        """Return what is not as the table says, in words, worst first."""
        rank = list(Verdict)
        cells = sorted(
            (c for c in self.cells.values() if not c.verdict.right), key=lambda cell: rank.index(cell.verdict)
        )
        return [*self.unlisted, *map(str, cells)]

    def count(self, verdict: Verdict) -> int:
        """Count the cells of a verdict."""
        return sum(cell.verdict is verdict for cell in self.cells.values())

    def text(self) -> str:
        """Return every cell as a line, by source."""
        return "\n".join(str(self.cells[key]) for key in sorted(self.cells)) + "\n"


def judge(
    flows: Flows,
    census: Census,
    reached: Mapping[str, Iterable[int]],
    unlisted: Iterable[str] = (),
    *,
    leader: str = "",
) -> Matrix:
    """Judge one sweep.

    A closed cell counts only where its target was reached by somebody who may: else nobody may be listening at all.

    Args:
        flows: what should be.
        census: what was tried.
        reached: of each source, the places of those targets in the census that took its connection.
        unlisted: what the table does not know of, in words.
        leader: the node that the API server is on.
    """
    opened = {(source, index) for source, indices in reached.items() for index in indices}
    cells = {}
    for index, target in enumerate(census.targets):
        others = [source for source in census.sources if source.address not in {b.address for b in target.backends}]
        allowed = {source.name: _allows(flows, source, target, leader) for source in others}
        witnessed = any(may and (source, index) in opened for source, may in allowed.items())
        for source in others:
            if (may := allowed[source.name]) is None:
                continue
            verdict = _verdict(may, (source.name, index) in opened, witnessed)
            cells[source.name, str(target)] = Cell(source, target, verdict)
    return Matrix(census, cells, tuple(unlisted))


def strangers(flows: Flows, pods: Mapping[str, str], targets: Iterable[Target]) -> Iterator[str]:
    """Yield, in words, what no row of the table is about.

    Args:
        flows: the table.
        pods: the place of each pod that has a network of its own.
        targets: all targets.
    """
    hint = f"local/{FILE} has no row for it"
    for pod, place in pods.items():
        if place not in flows.places:
            yield f"pod {pod} ({place}) is in the cluster, and {hint}"
    for target in targets:
        for place, port in sorted({(backend.place, backend.port) for backend in target.backends}):
            if place in (NODE, *flows.places) and not flows.lists(place, port):
                yield f"{target} ({place}, {port}) can be called, and {hint}"


def _allows(flows: Flows, source: Source, target: Target, leader: str) -> bool | None:
    """Return whether a source may connect to a target; None where that depends on which of its backends it is led to."""
    said = {_may(flows, source, backend, leader) for backend in target.backends}
    return said.pop() if len(said) == 1 else None if said else False


def _may(flows: Flows, source: Source, backend: Backend, leader: str) -> bool:
    if source.place != NODE or source.node == backend.node or backend.place in (NODE, OUTSIDE):
        return flows.allows(source.place, backend.place, backend.port)
    sent_by = {ANOTHER_NODE, API_SERVER} if source.node == leader else {ANOTHER_NODE}
    return any(flows.allows(place, backend.place, backend.port) for place in sent_by)


def _verdict(allowed: bool, opened: bool, witnessed: bool) -> Verdict:
    if opened:
        return Verdict.OPEN if allowed else Verdict.NOT_LISTED
    if allowed:
        return Verdict.SHUT
    return Verdict.CLOSED if witnessed else Verdict.UNPROVED
