"""An address that is asked again and again by a client that forgets each time which node has it: who answered, and for how long nobody.

Whoever remembers that (ARP, RFC 826) goes on sending to a node that announces the address no more, and notices nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise

from plumbline.components.cluster import Cluster
from plumbline.components.node.neighbours import Neighbours
from plumbline.core import wait

_EVERY_S = 0.1
_ENDS_AFTER_S = 120  # by itself, where nobody ends it any more
_SAMPLE = re.compile(r"(?P<at>\d+\.\d+) (?P<status>\d{3})(?:.* lladdr (?P<interface>[0-9a-f:]+))?")

_ASK = """
while ((SECONDS < $2)); do
    ip neigh flush to "$1" > /dev/null
    status=$(curl --silent --max-time 1 --output /dev/null --write-out '%{http_code}' "http://$1/")
    echo "$EPOCHREALTIME ${status:-000} $(ip neigh show to "$1")"
    sleep "$3"
done
"""


@dataclass(frozen=True)
class Sample:
    """One request.

    Attributes:
        at: when it ended, in seconds since the epoch.
        answered: whether it was, by HTTP.
        node: the node that said that it has the address; empty where none did.
    """

    at: float
    answered: bool
    node: str


@dataclass(frozen=True)
class Vigil:
    """What was seen of an address so far, in order of time."""

    address: str
    samples: Sequence[Sample]

    @property
    def last(self) -> Sample:
        """The newest request; one of long ago where there is none yet."""
        return self.samples[-1] if self.samples else Sample(0.0, answered=False, node="")

    @property
    def longest_gap_s(self) -> float:
        """The longest time from one answer to the next, in seconds; the beginning and the end count as answers."""
        moments = [self.samples[0].at, *(s.at for s in self.samples if s.answered), self.samples[-1].at]
        return max(after - before for before, after in pairwise(moments))

    def unbroken_s(self, since: float) -> float:
        """Return for how many seconds every request was answered, up to the newest one, and after a moment."""
        lost = max((s.at for s in self.samples if not s.answered), default=0.0)
        answers = [s.at for s in self.samples if s.at > max(lost, since)]
        return answers[-1] - answers[0] if answers else 0.0

    def timeline(self) -> str:
        """Tell who answered, in order of time, a line for each change."""
        runs = [(node, list(run)) for node, run in groupby(self.samples, key=_answerer)]
        return "\n".join(f"{_clock(run[0].at)}  {self.address}: {node}, {len(run)} requests" for node, run in runs)


@dataclass(frozen=True)
class Client:
    """The client, at work on a machine beside the nodes."""

    neighbours: Neighbours
    machine: str
    address: str
    interfaces: Mapping[str, str]

    def seen(self) -> Vigil:
        """Return what it has seen so far."""
        return Vigil(self.address, read(self.neighbours.said(self.machine), self.interfaces))

    def answered(self, for_s: float, since: float = 0.0) -> wait.Condition[Vigil]:
        """Return the condition that every request was answered for some seconds, after a moment (in seconds since the epoch)."""

        def look() -> wait.Observation[Vigil]:
            vigil = self.seen()
            unbroken = vigil.unbroken_s(since)
            last = f"{self.address} answers for {unbroken:.1f} s; last: {_answerer(vigil.last)}"
            return wait.Observation(unbroken >= for_s, vigil, last)

        return wait.poll(look, every_s=0.3)


@contextmanager
def kept(cluster: Cluster, address: str) -> Iterator[Client]:
    """Have such a client ask an address while the block runs."""
    program = ("bash", "-c", _ASK, "ask", address, str(_ENDS_AFTER_S), str(_EVERY_S))
    with cluster.neighbours.started(cluster.image, *program, may=("NET_ADMIN",)) as machine:
        yield Client(cluster.neighbours, machine, address, cluster.interfaces())


def read(told: str, interfaces: Mapping[str, str]) -> list[Sample]:
    """Return the requests that the client tells of.

    Args:
        told: what it wrote.
        interfaces: the node behind each hardware address.
    """
    found = (_SAMPLE.match(line) for line in told.splitlines())
    return [
        Sample(float(one["at"]), one["status"] == "200", interfaces.get(one["interface"] or "", one["interface"] or ""))
        for one in found
        if one
    ]


def _answerer(sample: Sample) -> str:
    if sample.answered:
        return f"answered by {sample.node}"
    return f"{sample.node} has the address, and does not answer" if sample.node else "nobody has the address"


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S.%f")[:-4]
