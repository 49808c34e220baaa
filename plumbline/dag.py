"""The DAG of a stack: what a goal needs, and each step as soon as all that it needs is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from plumbline.components.base import Component
from plumbline.core import graph
from plumbline.core.errors import BringUpFailed, PlumblineError, UsageError
from plumbline.core.graph import Job


class Node(Protocol):
    """What the DAG looks at."""

    @property
    def name(self) -> str:
        """Unique in the DAG."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be done before."""


@dataclass(frozen=True)
class Step:
    """One thing to do for a component.

    Attributes:
        name: its name in the DAG.
        needs: the steps before it.
        act: does it; gets an event that is set when another step failed.
    """

    name: str
    needs: tuple[str, ...]
    act: Callable[[threading.Event], None]


def closure(components: Mapping[str, Component], goals: Sequence[str]) -> dict[str, Component]:
    """Return the goals with all that they need or use, in the order of the roster.

    Raises:
        UsageError: a goal is not a component.
    """
    wanted: set[str] = set()
    pending = list(goals)
    while pending:
        name = pending.pop()
        if name not in components:
            raise UsageError(f'there is no component "{name}"; known are {", ".join(components)}')
        if name not in wanted:
            wanted.add(name)
            pending += [other for other in (*components[name].needs, *components[name].uses) if other in components]
    return {name: component for name, component in components.items() if name in wanted}


def run[N: Node](wanted: Mapping[str, N], act: Callable[[N, threading.Event], None]) -> None:
    """Run ``act`` for each node of a DAG as soon as all that it needs is done; the first failure gives up the rest.

    Args:
        wanted: nodes by name; needs that are not among them are taken as done.
        act: gets the node, and an event that is set when another one failed.

    Raises:
        ConfigError: the needs form a circle.
        PlumblineError: the first failure; one of the harness' own kinds is passed on as it is.
    """
    cancelled = threading.Event()

    def named(node: N) -> None:
        try:
            act(node, cancelled)
        except Exception as error:
            if isinstance(error, PlumblineError) and error.exit_code in (2, 3):
                raise
            raise BringUpFailed(node.name, str(error) or type(error).__name__) from error

    jobs = [
        Job(node.name, tuple(need for need in node.needs if need in wanted), partial(named, node), "up")
        for node in wanted.values()
    ]
    graph.run(jobs, {"up": max(1, len(jobs))}, cancelled)
