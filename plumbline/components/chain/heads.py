"""The heads of several nodes, watched over some slots: how they moved, how old they grew, and whether they agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from plumbline_beacon import network

from plumbline.components.chain.slots import Window
from plumbline.core import wait
from plumbline.core.errors import PlumblineError

_LOOK_EVERY_S = 0.4


class HasBlocks(Protocol):
    """A node whose blocks can be read."""

    @property
    def name(self) -> str:
        """How failures call it."""

    def block(self, number: int | str) -> dict[str, Any]:
        """Return a block by number or tag."""


@dataclass(frozen=True)
class Head:
    """A block that was a node's head.

    Attributes:
        number: its number.
        hash: its hash.
        made_at: its own time stamp, which is its slot's start (seconds since the Unix epoch).
        seen_at: when it was first seen there.
    """

    number: int
    hash: str
    made_at: float
    seen_at: float

    @property
    def slot(self) -> int:
        """The slot that it was made in."""
        return network.slot_at(self.made_at)

    def __str__(self) -> str:
        """Show the number, and when it came."""
        return f"{self.number} (slot {self.slot} +{self.seen_at - self.made_at:.1f} s)"


@dataclass(frozen=True)
class Watched:
    """What one node showed.

    Attributes:
        heads: its heads, in the order in which they were seen.
        answered_at: when it last answered; 0 where it never did.
        error: why it did not, the last time that it did not.
    """

    heads: Sequence[Head]
    answered_at: float = 0.0
    error: str = ""


class Heads:
    """What all nodes showed over a window."""

    def __init__(self, window: Window, ended_at: float, by_node: Mapping[str, Watched]) -> None:
        """Keep what was seen until ``ended_at`` (seconds since the Unix epoch)."""
        self.window, self.ended_at, self.by_node = window, ended_at, dict(by_node)

    @property
    def standing(self) -> list[str]:
        """The nodes whose head did not advance."""
        return [
            node
            for node, seen in self.by_node.items()
            if not seen.heads or seen.heads[-1].number <= seen.heads[0].number
        ]

    @property
    def advanced_everywhere(self) -> bool:
        """Whether each node's head advanced."""
        return not self.standing

    @property
    def rewound(self) -> list[str]:
        """The nodes whose head went back, or was replaced at its height."""
        return [
            node
            for node, seen in self.by_node.items()
            if any(after.number <= before.number for before, after in zip(seen.heads, seen.heads[1:], strict=False))
        ]

    def oldest_age_of(self, node: str) -> float:
        """Return the greatest age (seconds) that a node's head reached before the next one came, or the window ended."""
        heads = self.by_node[node].heads
        if not heads:
            return float("inf")
        left_at = [*(head.seen_at for head in heads[1:]), self.ended_at]
        return max(until - head.made_at for head, until in zip(heads, left_at, strict=True))

    @property
    def oldest_age(self) -> float:
        """The greatest age (seconds) of any node's head."""
        return max(self.oldest_age_of(node) for node in self.by_node)

    @property
    def lowest(self) -> int:
        """The height that every node reached."""
        return min(seen.heads[-1].number if seen.heads else 0 for seen in self.by_node.values())

    @property
    def delays(self) -> list[float]:
        """The seconds after the start of its slot at which each new head was seen."""
        return [head.seen_at - head.made_at for seen in self.by_node.values() for head in seen.heads[1:]]

    def timeline(self) -> str:
        """Show what each node did, the ones that give reason to worry first."""
        worry = {node for node in self.by_node if node in self.standing or node in self.rewound}
        ordered = sorted(self.by_node, key=lambda node: (node not in worry, -self.oldest_age_of(node)))
        return "\n".join([*(self._line(node) for node in ordered), f"watched over {self.window}"])

    def _line(self, node: str) -> str:
        seen = self.by_node[node]
        if not seen.heads:
            return f"{node}: showed no head at all: {seen.error or 'no answer'}"
        what = "stands at " if node in self.standing else "went back: " if node in self.rewound else ""
        line = f"{node}: {what}{' -> '.join(map(str, seen.heads))}; oldest {self.oldest_age_of(node):.1f} s"
        silent = self.ended_at - seen.answered_at
        if silent > network.SECONDS_PER_SLOT / 2:
            line += f"; silent for the last {silent:.0f} s: {seen.error or 'no answer'}"
        return line


@contextmanager
def watched(
    nodes: Iterable[HasBlocks], *, now: Callable[[], float] = time.time
) -> Iterator[Callable[[], dict[str, Watched]]]:
    """Watch the heads of nodes while the block runs, each by a thread of its own, since one may hang.

    Yields:
        Tells what each node has shown so far, by its name.
    """
    watchers = [_Watcher(node, now) for node in nodes]
    for watcher in watchers:
        watcher.start()
    try:
        yield lambda: {watcher.node.name: watcher.seen for watcher in watchers}
    finally:
        for watcher in watchers:
            watcher.enough.set()


def watch(nodes: Iterable[HasBlocks], window: Window, *, now: Callable[[], float] = time.time) -> Heads:
    """Watch the heads of nodes until the last block of a window is due."""
    with watched(nodes, now=now) as seen:
        wait.moment(window.ends_at, f"the heads over {window}")
        return Heads(window, now(), seen())


class _Watcher(threading.Thread):
    """Looks at one node's head again and again."""

    def __init__(self, node: HasBlocks, now: Callable[[], float]) -> None:
        super().__init__(name=f"watch {node.name}", daemon=True)
        self.node, self.enough = node, threading.Event()
        self._now = now
        self.seen = Watched(())

    def run(self) -> None:
        while not self.enough.is_set():
            try:
                self._look()
            except (PlumblineError, OSError, ValueError, LookupError) as error:
                self.seen = Watched(self.seen.heads, self.seen.answered_at, f"{type(error).__name__}: {error}")
            self.enough.wait(_LOOK_EVERY_S)

    def _look(self) -> None:
        block = self.node.block("latest")
        at = self._now()
        heads = self.seen.heads
        if not heads or heads[-1].hash != block["hash"]:
            heads = (*heads, Head(int(block["number"], 16), block["hash"], int(block["timestamp"], 16), at))
        self.seen = Watched(heads, at)
