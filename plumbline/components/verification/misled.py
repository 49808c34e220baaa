"""Light clients that the beacon node misleads, each in a way of its own and all at the same time, while others are told the truth."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from plumbline.components.chain import heads
from plumbline.components.chain.heads import Heads
from plumbline.components.chain.slots import SlotClock
from plumbline.components.consensus import Consensus, ServedUpdate
from plumbline.components.light_client import LightClient
from plumbline.components.verification.further_client import FurtherClient
from plumbline.core import wait
from plumbline.core.patience import Settled, settle

UNREADY_WITHIN_S = 75.0
SAYS_WHY_WITHIN_S = 15.0
HEALED_WITHIN_S = 60.0
_READY_WITHIN_S = 60.0
_WATCHED_SLOTS = 3


@dataclass(frozen=True)
class Way:
    """One way to mislead a light client.

    Attributes:
        fault: what the beacon node does (a fault of ``plumbline_beacon.faults`` that can be meant for one client).
        parameters: of the fault.
        refusal: some of the words in which a light client refuses to serve; empty where none notices.
    """

    fault: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    refusal: str = ""


FORGED = Way("bad_sync_signature", refusal="invalid sync committee signature")
UNPROVED = Way("wrong_finality_branch", refusal="invalid finality proof")
OLD = Way("old_updates", refusal="behind")
# More than half: the specification's light client, too, takes no head that fewer signed than half of the most it has seen.
FEW = Way("few_signatures", {"fraction": 0.6})
WAYS = (FORGED, UNPROVED, OLD, FEW)


@dataclass(frozen=True)
class Course:
    """What became of two light clients: one that stood when it began to be misled, and one that started meanwhile.

    Attributes:
        standing: the name of the one.
        starting: the name of the other.
        heads: what the one showed over three slots.
        served: the newest update that it was served as it began.
        turned: whether the one was no longer sent clients, or (where it cannot notice) still was.
        turned_s: how long that took from the beginning, in seconds.
        started: whether the other refused to serve and said why, or (where it cannot notice) served.
        healed: whether both served by themselves once they were told the truth.
    """

    standing: str
    starting: str
    heads: Heads
    served: ServedUpdate
    turned: Settled[Any]
    turned_s: float
    started: Settled[Any]
    healed: Settled[Any]

    @property
    def deceived(self) -> list[str]:
        """The clients that showed a block beyond what could have been true: what stood as it began may have come late."""
        seen = self.heads.by_node.items()
        return [client for client, one in seen if any(head.number > self.served.block for head in one.heads)]


def release_for(way: Way) -> str:
    """Return the name of the light client that stands when it is misled."""
    return f"helios-{way.fault.replace('_', '-')}"


def mislead(light_client: LightClient, consensus: Consensus, ways: Sequence[Way] = WAYS) -> dict[str, Course]:
    """Mislead two light clients of their own in each of some ways, and return what became of them, by the way's fault."""

    def course(way: Way) -> Course:
        name = release_for(way)
        pair = FurtherClient(name, light_client), FurtherClient(f"{name}-late", light_client)
        with _removed(*pair):
            return _course(way, *pair, consensus)

    with ThreadPoolExecutor(len(ways)) as pool:
        return dict(zip((way.fault for way in ways), pool.map(course, ways), strict=True))


@contextmanager
def _removed(*clients: FurtherClient) -> Iterator[None]:
    for client in clients:
        client.leave()  # an interrupted run left it
    try:
        yield
    finally:
        for client in clients:
            client.leave()


def _course(way: Way, standing: FurtherClient, starting: FurtherClient, consensus: Consensus) -> Course:
    told = standing.release
    asks = {"api": consensus.way_for(told)}
    standing.join(consensus=asks)
    wait.until(standing.ready(), named=f"{standing.release} ready", within_s=_READY_WITHIN_S)

    with consensus.misleading(told, way.fault, **way.parameters):
        began = time.monotonic()
        served = consensus.update_for(told)
        shown = heads.watch(standing.clients, SlotClock().next(_WATCHED_SLOTS))
        starting.join(consensus=asks)
        turns = standing.unready() if way.refusal else standing.ready()
        left_s = UNREADY_WITHIN_S - (time.monotonic() - began)
        turned = settle(turns, named=f"{standing.release} under {way.fault}", within_s=left_s)
        turned_s = time.monotonic() - began
        starts = starting.hindered(way.refusal) if way.refusal else starting.ready()
        started = settle(starts, named=f"{starting.release} under {way.fault}", within_s=SAYS_WHY_WITHIN_S)
    both = wait.every(standing.ready(), starting.ready())
    healed = settle(both, named=f"{standing.release} ready again", within_s=HEALED_WITHIN_S)
    return Course(standing.release, starting.release, shown, served, turned, turned_s, started, healed)
