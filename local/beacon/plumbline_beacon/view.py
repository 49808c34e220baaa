"""What the chain's thread publishes and everybody else reads: one immutable view, replaced as a whole, and a stream of events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from plumbline_beacon import logs, network
from plumbline_beacon.clock import Clock
from plumbline_beacon.lightclient import LightClientData
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.spec import BeaconState

log = logging.getLogger("events")

TOPICS: Final = frozenset(
    {
        "head",
        "block",
        "finalized_checkpoint",
        "chain_reorg",
        "light_client_finality_update",
        "light_client_optimistic_update",
    }
)
_QUEUED_EVENTS: Final = 256
_LIVE_WITHIN_SLOTS: Final = 2


@dataclass(frozen=True, slots=True)
class View:
    """The chain as of its head."""

    head_root: bytes
    head_slot: int
    el_number: int
    anchor_root: bytes
    justified_root: bytes
    justified_epoch: int
    finalized_root: bytes
    finalized_epoch: int
    light_client: LightClientData
    state: BeaconState
    """The head's state. Nobody changes it."""


class Readiness(StrEnum):
    """How far the node is, as node/health tells it."""

    NOT_INITIALISED = "not initialised"
    SYNCING = "syncing"
    READY = "ready"


class Publication:
    """The current view and the progress through the slots."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.view: View | None = None
        self.last_slot: int | None = None
        """The last slot that was processed, with or without a block."""
        self.caught_up = False
        """Whether this process has reached the clock once."""

    @property
    def live(self) -> bool:
        """Whether the chain follows the clock; empty slots are no obstacle, unprocessed ones are."""
        return (
            self.caught_up and self.last_slot is not None and self.clock.slot() - self.last_slot <= _LIVE_WITHIN_SLOTS
        )

    @property
    def readiness(self) -> Readiness:
        """Whether followers can safely synchronise: live, finality proved to light clients, and long enough for a snap sync."""
        view = self.view
        if view is None:
            return Readiness.NOT_INITIALISED
        proved = view.light_client.finality_update is not None
        long_enough = view.el_number > network.SNAP_SYNC_BLOCKS
        return Readiness.READY if self.live and proved and long_enough else Readiness.SYNCING

    @property
    def sync_distance(self) -> int:
        """Return how many slots are between head and clock."""
        return 0 if self.view is None else max(0, self.clock.slot() - self.view.head_slot)

    def measure(self, metrics: Metrics) -> None:
        """Set the gauges that depend on the moment."""
        metrics.set("beacon_clock_time_slot", self.clock.slot())
        metrics.set("plumbline_beacon_live", int(self.live))
        metrics.set("plumbline_beacon_ready", int(self.readiness is Readiness.READY))


class Subscription:
    """One event stream's queue. A reader that is too slow is cut off rather than remembered for."""

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_EVENTS)

    def offer(self, message: bytes) -> bool:
        """Queue a message; False when the reader has fallen too far behind."""
        if self.queue.full():
            self.queue.get_nowait()
            self.queue.put_nowait(None)
            return False
        self.queue.put_nowait(message)
        return True


class Events:
    """Server-sent events, from the chain's thread to the subscribers on the event loop (Beacon API, /eth/v1/events)."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscriptions: frozenset[Subscription] = frozenset()

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop that serves the subscribers."""
        self._loop = loop

    @property
    def subscribers(self) -> int:
        """Return how many streams are open."""
        return len(self._subscriptions)

    def subscribe(self, topics: Iterable[str]) -> Subscription:
        """Open a stream."""
        subscription = Subscription(frozenset(topics))
        self._subscriptions |= {subscription}
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close a stream."""
        self._subscriptions -= {subscription}

    def emit(self, topic: str, make: Callable[[], Any]) -> None:
        """Send an event, made only when somebody listens; callable from any thread."""
        if self._loop is None or not any(topic in subscription.topics for subscription in self._subscriptions):
            return
        message = f"event: {topic}\ndata: {json.dumps(make())}\n\n".encode()
        self._loop.call_soon_threadsafe(self._deliver, topic, message)

    def _deliver(self, topic: str, message: bytes) -> None:
        for subscription in self._subscriptions:
            if topic in subscription.topics and not subscription.offer(message):
                logs.warn(log, "subscriber_cut_off", reason="it does not read its events")
                self.unsubscribe(subscription)
