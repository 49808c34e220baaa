"""What can be asked of several execution clients at once, whoever installed them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from plumbline.components.chain import answers, heads
from plumbline.components.chain.answers import Answers
from plumbline.components.chain.client import Client, Finality, Identity
from plumbline.components.chain.forks import Schedule
from plumbline.components.chain.heads import Heads
from plumbline.components.chain.slots import Window
from plumbline.core import wait

C = TypeVar("C", bound=Client)
T = TypeVar("T")


class Nodes(ABC, Generic[C]):
    """Execution clients that follow the same chain."""

    @property
    @abstractmethod
    def nodes(self) -> Sequence[C]:
        """The standing nodes."""

    @property
    @abstractmethod
    def mesh(self) -> int:
        """How many peers each node should have."""

    @property
    @abstractmethod
    def oldest_head_s(self) -> float:
        """How old a node's head may grow before the next one comes, in seconds."""

    @abstractmethod
    def expected_identity(self) -> Identity:
        """Return the network that every node should be on."""

    def ask(self, question: Callable[[C], T], *, within_s: float = 5.0) -> Answers[T]:
        """Put a question to all nodes at once; each has ``within_s`` seconds."""
        return answers.ask(self.nodes, question, within_s=within_s)

    def peers(self) -> Answers[int]:
        """Return each node's number of peers."""
        return self.ask(lambda node: node.peers)

    def identities(self) -> Answers[Identity]:
        """Return the network that each node is on."""
        return self.ask(lambda node: node.identity)

    def schedules(self) -> Answers[Schedule]:
        """Return each node's fork schedule (EIP-7910)."""
        return self.ask(lambda node: node.schedule)

    def versions(self) -> Answers[str]:
        """Return each node's client and version."""
        return self.ask(lambda node: node.version)

    def finality(self) -> Answers[Finality]:
        """Return each node's head, safe and finalized block."""
        return self.ask(lambda node: node.finality)

    def hashes_at(self, number: int) -> Answers[str]:
        """Return the hash of each node's block at a height."""
        return self.ask(lambda node: str(node.block(number)["hash"]))

    def watch_heads(self, window: Window) -> Heads:
        """Watch the nodes' heads until the last block of some slots is due."""
        return heads.watch(self.nodes, window)

    def at_height(self, number: int) -> wait.Condition[Answers[int]]:
        """Hold when every node's head is at least at a height."""

        def look() -> wait.Observation[Answers[int]]:
            reached = self.ask(lambda node: node.head, within_s=3)
            below = reached.where_not(lambda head: head >= number)
            return wait.Observation(not below, reached, below.line(f"block {number}"))

        return wait.poll(look, every_s=0.25)
