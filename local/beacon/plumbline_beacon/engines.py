"""All engines at once: payloads and heads fan out to each, and the first good answer counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from plumbline_beacon import logs
from plumbline_beacon.engine import INVALID, VALID, EngineUnreachable, Forkchoice, PayloadStatus
from plumbline_beacon.engine_worker import EngineWorker, Role, Status
from plumbline_beacon.payloads import NewPayloadArguments

log = logging.getLogger("engine")

_GENESIS_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Packing:
    """A payload that an engine is packing."""

    worker: EngineWorker
    payload_id: str


class Engines:
    """The execution clients that this node drives."""

    def __init__(self, workers: Sequence[EngineWorker]) -> None:
        self.workers = tuple(workers)
        self.followers_released = False
        """Set once the chain is long enough for a snap sync."""

    @property
    def producers(self) -> list[EngineWorker]:
        """The engines that may pack payloads, those that answer well first."""
        ours = [worker for worker in self.workers if worker.role is Role.PRODUCER]
        return sorted(ours, key=lambda worker: not worker.healthy)

    @property
    def offline(self) -> bool:
        """Whether no engine answers."""
        return all(worker.status in (Status.UNREACHABLE, Status.REFUSED) for worker in self.workers)

    def genesis(self) -> dict[str, Any]:
        """Return the execution layer's genesis block from the first producer that has it.

        Raises:
            EngineUnreachable: No producer answers.
        """
        asked = [worker.genesis() for worker in self.producers]
        block = _first(asked, _GENESIS_WITHIN_S)
        if block is None:
            raise EngineUnreachable("no producer answers: " + "; ".join(_reason(future) for future in asked))
        return block

    def deliver(self, arguments: NewPayloadArguments) -> list[tuple[EngineWorker, Future[PayloadStatus]]]:
        """Start executing a payload everywhere."""
        return [(worker, worker.deliver(arguments)) for worker in self._driven()]

    def accepted(
        self, number: int, deliveries: Iterable[tuple[EngineWorker, Future[PayloadStatus]]], within_s: float
    ) -> bool:
        """Wait until a producer accepts the payload; an engine that rejects what another accepts has diverged."""
        deliveries = list(deliveries)
        judges = [future for worker, future in deliveries if worker.role is Role.PRODUCER]
        valid = _first(judges, within_s, good=lambda verdict: verdict.status == VALID) is not None
        if valid:
            for worker, future in deliveries:
                future.add_done_callback(partial(_compare, worker, number))
        return valid

    def set_head(self, forkchoice: Forkchoice) -> None:
        """Make a block the head everywhere."""
        for worker in self._driven():
            worker.set_head(forkchoice)

    def pack(
        self, forkchoice: Forkchoice, attributes: dict[str, Any], on: int, within_s: float, but: Sequence[Packing] = ()
    ) -> list[Packing]:
        """Start packing a payload on `on` producers, or as many as will; those that pack already are left out."""
        busy = {packing.worker for packing in but}
        candidates = [worker for worker in self.producers if worker not in busy]
        packings: list[Packing] = []
        while candidates and (missing := on - len(packings)) > 0:
            asked = [(worker, worker.build(forkchoice, attributes)) for worker in candidates[:missing]]
            candidates = candidates[missing:]
            wait([future for _, future in asked], within_s)
            for worker, future in asked:
                if future.done() and future.exception() is None:
                    packings.append(Packing(worker, future.result()))
                else:
                    logs.event(log, "no_packing", logging.DEBUG, engine=worker.name, reason=_reason(future))
        return packings

    def fetch(self, packings: Sequence[Packing], within_s: float) -> dict[str, Any] | None:
        """Return the payload of the first producer that still has it."""
        asked = [packing.worker.fetch(packing.payload_id) for packing in packings]
        built = _first(asked, within_s)
        if built is None and asked:
            logs.warn(log, "no_payload", reason="; ".join(_reason(future) for future in asked))
        return built

    def close(self) -> None:
        """Let all engine threads end."""
        for worker in self.workers:
            worker.close()

    def _driven(self) -> list[EngineWorker]:
        return [worker for worker in self.workers if worker.role is Role.PRODUCER or self.followers_released]


def _first[T](futures: Sequence[Future[T]], within_s: float, good: Any = lambda _: True) -> T | None:
    """Return the first good result; of several that are there, that of the earlier future."""
    deadline = time.monotonic() + within_s
    pending = set(futures)
    while True:
        for future in futures:
            if future.done() and future.exception() is None and good(future.result()):
                return future.result()
        pending = {future for future in pending if not future.done()}
        left = deadline - time.monotonic()
        if not pending or left <= 0:
            return None
        wait(pending, left, FIRST_COMPLETED)


def _reason(future: Future[Any]) -> str:
    if not future.done():
        return "no answer in time"
    error = future.exception()
    return str(error if error is not None else future.result())


def _compare(worker: EngineWorker, number: int, future: Future[PayloadStatus]) -> None:
    if future.exception() is None and future.result().status == INVALID:
        worker.diverged(number, f"it calls this block INVALID, another engine accepts it: {future.result().reason}")
