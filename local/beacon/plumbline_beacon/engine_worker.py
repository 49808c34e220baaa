"""One engine's thread: it does what it is asked in order, so that a slow or dead engine delays nobody else.

A producer that lost blocks is healed here, from our own store: the Engine API has no other way to give them back. A follower is left to
synchronise from its peers, and is held back until the chain is long enough for a snap sync.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from plumbline_beacon import logs
from plumbline_beacon.encoding import from_hex, to_hex
from plumbline_beacon.engine import (
    INVALID,
    VALID,
    EngineClient,
    EngineError,
    EngineRefused,
    EngineUnreachable,
    Forkchoice,
    PayloadStatus,
)
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.payloads import NewPayloadArguments
from plumbline_beacon.spec import NO_ROOT

log = logging.getLogger("engine")

PAYLOADS_PER_FORKCHOICE: Final = 32
"""Geth keeps 128 states above the head it was told: replaying further without a new head makes it call itself stateless and stop."""

_EXPIRES_S: Final = 12.0
_HEAL_EVERY_S: Final = 2.0
_RECONCILE_EVERY_S: Final = 2.0
_REMIND_EVERY_S: Final = 300.0


class Role(StrEnum):
    """What an engine is for."""

    PRODUCER = "producer"
    FOLLOWER = "follower"


class Status(StrEnum):
    """What an engine last said, or why it said nothing."""

    UNKNOWN = "UNKNOWN"
    HELD = "HELD"
    VALID = "VALID"
    SYNCING = "SYNCING"
    INVALID = "INVALID"
    REFUSED = "REFUSED"
    UNREACHABLE = "UNREACHABLE"


class Expired(EngineError):
    """A job waited so long behind others that nobody wants its result any more."""


@dataclass(frozen=True, slots=True)
class StoredPayload:
    """A payload of our canonical chain."""

    number: int
    hash: bytes
    arguments: NewPayloadArguments


class CanonicalPayloads(Protocol):
    """What healing reads: the canonical chain's payloads."""

    def payload_hash(self, number: int) -> bytes | None:
        """Return the hash of the canonical payload at a height; 0 is the genesis block."""

    def payloads_above(self, number: int) -> Iterator[StoredPayload]:
        """Return the canonical payloads above a height, in order."""


type Job = tuple[Future[Any], Callable[[], Any], float]


class EngineWorker:
    """One engine and the thread that talks to it."""

    def __init__(
        self, client: EngineClient, role: Role, open_payloads: Callable[[], CanonicalPayloads], metrics: Metrics
    ) -> None:
        self.name, self.role = client.name, role
        self.status = Status.HELD if role is Role.FOLLOWER else Status.UNKNOWN
        self._client, self._open_payloads, self._metrics = client, open_payloads, metrics
        self._payloads: CanonicalPayloads | None = None
        self._wanted: Forkchoice | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._heal_after = self._remind_after = 0.0
        self._last_refusal = ""
        self._diverged = False
        self._thread = threading.Thread(target=self._work, name=f"engine {self.name}", daemon=True)
        for counter in ("plumbline_beacon_engine_errors_total", "plumbline_beacon_payloads_resent_total"):
            metrics.add(counter, 0, engine=self.name)
        self._publish()
        self._thread.start()

    # ---- asked by the chain's thread

    @property
    def healthy(self) -> bool:
        """Whether it is worth asking this engine first: it answered well, and nothing waits for it."""
        return self.status in (Status.VALID, Status.UNKNOWN) and self._jobs.empty()

    def genesis(self) -> Future[dict[str, Any]]:
        """Fetch the engine's genesis block."""
        return self._submit(self._genesis)

    def deliver(self, arguments: NewPayloadArguments) -> Future[PayloadStatus]:
        """Have a payload executed."""
        return self._submit(lambda: self._deliver(arguments))

    def set_head(self, forkchoice: Forkchoice) -> Future[PayloadStatus]:
        """Make a block the head."""
        return self._submit(lambda: self._forkchoice(forkchoice, None)[0])

    def build(self, forkchoice: Forkchoice, attributes: dict[str, Any]) -> Future[str]:
        """Make a block the head and start packing a payload on it; the result is the payload's id."""
        return self._submit(lambda: self._build(forkchoice, attributes))

    def fetch(self, payload_id: str) -> Future[dict[str, Any]]:
        """Fetch a payload that was packed."""
        return self._submit(lambda: self._client.get_payload(payload_id))

    def close(self) -> None:
        """Let the thread end after what it is doing."""
        self._jobs.put(None)

    def diverged(self, number: int, reason: str) -> None:
        """Say plainly that this engine rejects a block of our own chain: nothing in the Engine API can mend that."""
        self._diverged = True
        self._set_status(Status.INVALID)
        if time.monotonic() >= self._remind_after:
            self._remind_after = time.monotonic() + _REMIND_EVERY_S
            logs.error(
                log,
                "engine_diverged",
                engine=self.name,
                block=number,
                reason=reason,
                fix="its data do not fit our own chain, and the Engine API cannot mend that: "
                "stop this Geth, wipe its data directory (delete its volume claim) and start it again",
            )

    # ---- done on this engine's own thread

    def _submit[T](self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._jobs.put((future, work, time.monotonic() + _EXPIRES_S))
        return future

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_RECONCILE_EVERY_S)
            except queue.Empty:
                self._reconcile()
                continue
            if job is None:
                break
            future, work, expires = job
            try:
                if time.monotonic() > expires:
                    raise Expired(f"{self.name} is busy: a request waited for more than {_EXPIRES_S:.0f} s")
                result = work()
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked, and the thread must go on
                self._note_failure(error)
                future.set_exception(error)
            else:
                future.set_result(result)
        self._client.close()

    def _reconcile(self) -> None:
        """Between slots, try again to bring an engine to the head that it did not take: it may have come back."""
        if self._wanted is None or self.status is Status.VALID:
            return
        try:
            self._forkchoice(self._wanted, None)
        except Exception as error:  # noqa: BLE001 - noted like any other failure, and tried again
            self._note_failure(error)

    def _note_failure(self, error: Exception) -> None:
        if isinstance(error, Expired):
            return
        self._metrics.add("plumbline_beacon_engine_errors_total", engine=self.name)
        if not isinstance(error, EngineError):
            log.error("event=engine_bug engine=%s", self.name, exc_info=error)
        elif isinstance(error, EngineRefused) and not error.unauthorized:  # it answers, only not this
            if str(error) != self._last_refusal:
                self._last_refusal = str(error)
                logs.warn(log, "engine_error", engine=self.name, reason=str(error))
        else:
            refused = isinstance(error, EngineRefused)
            self._set_status(Status.REFUSED if refused else Status.UNREACHABLE, reason=str(error))

    def _set_status(self, status: Status, **fields: Any) -> None:
        if status is not self.status:
            level = logging.INFO if status in (Status.VALID, Status.SYNCING) else logging.WARNING
            logs.event(
                log, "engine_status", level, engine=self.name, role=self.role, was=self.status, now=status, **fields
            )
            self.status = status
            self._publish()

    def _publish(self) -> None:
        up = self.status in (Status.VALID, Status.SYNCING, Status.INVALID)
        self._metrics.set("plumbline_beacon_engine_up", int(up), engine=self.name, role=self.role)
        for status in Status:
            self._metrics.set(
                "plumbline_beacon_engine_status", int(status is self.status), engine=self.name, status=status.value
            )

    def _note_verdict(self, verdict: PayloadStatus) -> None:
        if verdict.status != VALID or not self._diverged:  # one that has diverged may still call old blocks valid
            self._set_status(Status.SYNCING if verdict.pending else Status(verdict.status))

    def _genesis(self) -> dict[str, Any]:
        block = self._client.block(0)
        if block is None:
            raise EngineUnreachable(f"{self.name} has no genesis block yet")
        return block

    def _deliver(self, arguments: NewPayloadArguments) -> PayloadStatus:
        verdict = self._client.new_payload(arguments)
        if verdict.pending and self._heal():
            verdict = self._client.new_payload(arguments)
        self._diverged = self._diverged and verdict.status != VALID
        self._note_verdict(verdict)
        return verdict

    def _forkchoice(
        self, forkchoice: Forkchoice, attributes: dict[str, Any] | None
    ) -> tuple[PayloadStatus, str | None]:
        self._wanted = forkchoice
        verdict, payload_id = self._client.forkchoice_updated(forkchoice, attributes)
        if verdict.pending and self._heal():
            verdict, payload_id = self._client.forkchoice_updated(forkchoice, attributes)
        self._note_verdict(verdict)
        return verdict, payload_id

    def _build(self, forkchoice: Forkchoice, attributes: dict[str, Any]) -> str:
        verdict, payload_id = self._forkchoice(forkchoice, attributes)
        if payload_id is not None:
            self._diverged = False
            self._note_verdict(verdict)
            return payload_id
        if verdict.status == VALID:  # Geth's answer when asked to go below its own finalized block
            self._check_finality()
        raise EngineRefused(f"{self.name} packs no payload: the head is {verdict.status} to it", 0)

    def _check_finality(self) -> None:
        """Find out whether the engine has finalized a block that is not of our chain."""
        try:
            finalized = self._client.block("finalized")
        except EngineRefused:  # Geth's answer when it has none
            return
        if finalized is not None:
            number = int(finalized["number"], 16)
            if number > 0 and self._stored().payload_hash(number) != from_hex(finalized["hash"]):
                self.diverged(number, "it holds this block as finalized, and ours is another, or none yet")

    def _heal(self) -> bool:
        """Give a producer the blocks that it lost; return whether it has all of them now."""
        if self.role is not Role.PRODUCER or time.monotonic() < self._heal_after:
            return False
        started = time.monotonic()
        try:
            ancestor = self._common_ancestor()
            sent = 0 if ancestor is None else self._resend(ancestor)
            if sent:
                logs.event(
                    log,
                    "engine_healed",
                    engine=self.name,
                    above=ancestor,
                    payloads=sent,
                    seconds=time.monotonic() - started,
                )
            return sent is not None and ancestor is not None
        finally:
            self._heal_after = time.monotonic() + _HEAL_EVERY_S

    def _stored(self) -> CanonicalPayloads:
        if self._payloads is None:
            self._payloads = self._open_payloads()  # here, because a database connection belongs to one thread
        return self._payloads

    def _common_ancestor(self) -> int | None:
        """Return the highest block that the engine's chain and ours share; None when not even the genesis block is shared."""
        latest = self._client.block("latest")
        number = int(latest["number"], 16) if latest else 0
        while True:
            block = self._client.block(number)
            ours = self._stored().payload_hash(number)
            if block is not None and ours is not None and from_hex(block["hash"]) == ours:
                return number
            if number == 0:
                self.diverged(0, f"its genesis block is {block and block['hash']}, ours is {ours and to_hex(ours)}")
                return None
            number -= 1

    def _resend(self, ancestor: int) -> int | None:
        """Send the canonical payloads above `ancestor`; return how many, or None when the engine did not take one."""
        sent = 0
        last: StoredPayload | None = None
        for payload in self._stored().payloads_above(ancestor):
            verdict = self._client.new_payload(payload.arguments)
            if verdict.status == INVALID:
                self.diverged(payload.number, f"it calls this block of our own chain INVALID: {verdict.reason}")
                return None
            if verdict.status != VALID:
                return None  # it synchronises by itself just now
            sent, last = sent + 1, payload
            self._metrics.add("plumbline_beacon_payloads_resent_total", engine=self.name)
            if sent % PAYLOADS_PER_FORKCHOICE == 0:
                self._client.forkchoice_updated(Forkchoice(payload.hash, NO_ROOT, NO_ROOT))
        if last is not None:
            self._client.forkchoice_updated(Forkchoice(last.hash, NO_ROOT, NO_ROOT))
        return sent
