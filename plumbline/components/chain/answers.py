"""One question to many nodes at once: each has its own patience, and a silent one is an answer too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from plumbline.core import wait
from plumbline.core.errors import PlumblineError

T = TypeVar("T")
N = TypeVar("N", bound="Named")

_PATIENCE_S = 5.0


class Named(Protocol):
    """Something that can be asked."""

    @property
    def name(self) -> str:
        """How failures call it."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What one node said, or why it said nothing (then the value is None)."""

    value: T | None
    error: str = ""

    def __str__(self) -> str:
        """Show the value, or the reason why there is none."""
        return self.error or str(self.value)


class Answers(Generic[T]):
    """Answers by node; true when there are any."""

    def __init__(self, by_node: Mapping[str, Answer[T]]) -> None:
        """Keep the answers, in the order of the nodes."""
        self.by_node = dict(by_node)

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.by_node)

    def __iter__(self) -> Iterator[str]:
        """Go through the nodes' names."""
        return iter(self.by_node)

    def __getitem__(self, node: str) -> T:
        """Return a node's value.

        Raises:
            PlumblineError: it gave none.
        """
        answer = self.by_node[node]
        if answer.value is None:
            raise PlumblineError(f"{node}: {answer.error or 'no answer'}")
        return answer.value

    def items(self) -> list[tuple[str, T]]:
        """Return node and value, of the nodes that gave one."""
        return [(node, answer.value) for node, answer in self.by_node.items() if answer.value is not None]

    @property
    def values(self) -> list[T]:
        """The values of the nodes that gave one."""
        return [answer.value for answer in self.by_node.values() if answer.value is not None]

    def where_not(self, holds: Callable[[T], bool]) -> Answers[T]:
        """Return the answers for which a test does not hold; silence never does."""
        return Answers({n: a for n, a in self.by_node.items() if a.value is None or not holds(a.value)})

    @property
    def agree(self) -> bool:
        """Whether every node gave a value, and all the same."""
        return len(self.values) == len(self) and all(value == self.values[0] for value in self.values)

    def other_than(self, expected: T) -> Answers[T]:
        """Return the answers that are not the expected one."""
        return self.where_not(lambda value: value == expected)

    def told(self, expected: object) -> str:
        """Say of whom what was expected, and who answered what: the text of a failure."""
        lines = (f"{node}: {answer}" for node, answer in self.by_node.items())
        return "\n".join([f"{', '.join(self.by_node)}: expected {expected}", *lines])

    def line(self, expected: object) -> str:
        """Say the same in one line: the state of a wait."""
        said = ", ".join(f"{node}: {answer}" for node, answer in self.by_node.items())
        return f"expected {expected}; {said}" if said else f"{expected} everywhere"


def ask(nodes: Iterable[N], question: Callable[[N], T], *, within_s: float = _PATIENCE_S) -> Answers[T]:
    """Put a question to all nodes at once.

    Args:
        nodes: who is asked.
        question: asks one of them.
        within_s: how long each one has, in seconds; a node that hangs delays nobody else.
    """
    heard: dict[str, Answer[T]] = {}

    def put(node: N) -> None:
        try:
            heard[node.name] = Answer(question(node))
        except (PlumblineError, OSError, ValueError, LookupError) as error:
            heard[node.name] = Answer(None, f"no answer ({type(error).__name__}: {error})")

    asked = [
        (node.name, threading.Thread(target=put, args=(node,), name=f"ask {node.name}", daemon=True)) for node in nodes
    ]
    for _, thread in asked:
        thread.start()
    deadline = wait.Deadline(within_s)
    for _, thread in asked:
        thread.join(deadline.left_s)
    silence: Answer[T] = Answer(None, f"no answer within {within_s:.0f} s")
    return Answers({name: heard.get(name, silence) for name, _ in asked})
