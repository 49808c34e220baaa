"""From no cluster to all ready: our way beside the usual one, in turn, on the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from plumbline import images
from plumbline.bench import sequential
from plumbline.bench.figures import BESIDE_SEQUENTIAL, FROM_NOTHING, Figure
from plumbline.core import events
from plumbline.core.config import Config
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths
from plumbline.stack import Stack

Way = Callable[[Config, Paths], Stack]

OURS, USUAL = "parallel", "one after another"


@dataclass(frozen=True)
class Run:
    """One bring-up.

    Attributes:
        way: how it was done.
        seconds: from no cluster to all ready.
    """

    way: str
    seconds: float


def measure(config: Config, paths: Paths, runs: int) -> Iterator[Run]:
    """Bring the stack up each way in turn, and destroy it after each; yield them as they end.

    Args:
        config: the stack.
        paths: the checkout, the folders and the cache.
        runs: how often each way is measured.

    Raises:
        UsageError: a stack stands.
    """
    if Stack.open(config, paths).standing:
        raise UsageError("a stack stands, and a bring-up is measured from nothing: destroy it first (make destroy)")
    images.build(paths)  # what is built once is not part of it
    for _ in range(runs):
        for way, bring_up in _WAYS.items():
            yield Run(way, _timed(way, lambda bring_up=bring_up: bring_up(config, paths)))  # type: ignore[misc]


def figures(runs: list[Run]) -> list[Figure]:
    """Return the medians of both ways, and how ours compares."""
    of = {way: median(run.seconds for run in runs if run.way == way) for way in _WAYS}
    return [
        Figure("no cluster to all ready (median)", of[OURS], "s", FROM_NOTHING),
        Figure(f"the same, {USUAL}, helm --wait (median)", of[USUAL], "s"),
        Figure("ratio", of[OURS] / of[USUAL], "", BESIDE_SEQUENTIAL),
    ]


def _timed(way: str, bring_up: Callable[[], Stack]) -> float:
    start = time.monotonic()
    with events.phase("bench", way):
        stack = bring_up()
    seconds = time.monotonic() - start
    stack.down()
    return seconds


def _ours(config: Config, paths: Paths) -> Stack:
    stack = Stack.open(config, paths)
    stack.up()
    return stack


def _usual(config: Config, paths: Paths) -> Stack:
    stack = sequential.open_stack(config, paths)
    sequential.bring_up(stack)
    return stack


_WAYS: Mapping[str, Way] = {OURS: _ours, USUAL: _usual}
