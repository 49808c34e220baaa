"""Machines on the nodes' network that are no nodes: containers of the node image, which end with the cluster at the latest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.node.host import Network
from plumbline.core import shell

LABEL = "dev.plumbline.neighbour-of"
_ENGINE_WITHIN_S = 30.0  # to start a container, or to end one


@dataclass(frozen=True)
class Neighbours:
    """The neighbours of one cluster's nodes.

    Attributes:
        cluster: the cluster's name; each neighbour carries it, so that one that nobody ended is found.
        env: how the engine is reached.
    """

    cluster: str
    env: Mapping[str, str]

    @contextmanager
    def started(self, image: str, *program: str, may: tuple[str, ...] = ()) -> Iterator[str]:
        """Have a machine run a program while the block runs, and yield its container's id.

        Args:
            image: what it is made of.
            program: the program with its arguments.
            may: Linux capabilities that it gets.
        """
        machine = self._docker("run", "--detach", *self._how(may), *_of(image, program)).stdout.strip()
        try:
            yield machine
        finally:
            self.end(machine)

    def ask(self, image: str, *program: str, within_s: float) -> shell.Result:
        """Have a new machine run a program to its end, well or not.

        Args:
            image: what it is made of.
            program: the program with its arguments.
            within_s: how long the program may take, in seconds.
        """
        argv = ["docker", "run", *self._how(()), *_of(image, program)]
        return shell.run(argv, within_s=within_s + _ENGINE_WITHIN_S, env=self.env, check=False)

    def address(self, machine: str) -> str:
        """Return the IPv4 address of a machine."""
        wanted = f"{{{{.NetworkSettings.Networks.{Network.NAME}.IPAddress}}}}"
        return self._docker("inspect", "--format", wanted, machine).stdout.strip()

    def said(self, machine: str) -> str:
        """Return what a machine's program has written to its standard output so far."""
        return self._docker("logs", machine).stdout

    def names(self) -> list[str]:
        """Return the names of all that there are, running or not."""
        return self._docker("ps", "--all", "--filter", self._label, "--format", "{{.Names}}").stdout.split()

    def end(self, *machines: str) -> None:
        """End some of them; one that is gone, or about to go, is as good."""
        if machines:
            self._docker("rm", "--force", "--volumes", *machines, check=False)

    @property
    def _label(self) -> str:
        return f"label={LABEL}={self.cluster}"

    def _how(self, may: tuple[str, ...]) -> list[str]:
        granted = [f"--cap-add={capability}" for capability in may]
        return ["--rm", f"--network={Network.NAME}", f"--{self._label}", *granted]

    def _docker(self, *words: str, check: bool = True) -> shell.Result:
        return shell.run(["docker", *words], within_s=_ENGINE_WITHIN_S, env=self.env, check=check)


def _of(image: str, program: tuple[str, ...]) -> list[str]:
    """Return the words that make a container run a program instead of what its image is for."""
    return [f"--entrypoint={program[0]}", image, *program[1:]]
