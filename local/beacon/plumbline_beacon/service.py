"""The whole node: the chain's thread, and the HTTP servers on an event loop beside it."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import logging
import os
import platform
import signal
import threading
import time
from pathlib import Path
from typing import IO, Final

from aiohttp import web

from plumbline_beacon import __version__, logs
from plumbline_beacon.api.app import beacon_api
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.node import spec_version
from plumbline_beacon.audience import Audience
from plumbline_beacon.chain import Chain, ChainPayloads
from plumbline_beacon.clock import Clock, ManualClock, WallClock
from plumbline_beacon.control import LOOPBACK, ControlApi
from plumbline_beacon.engine import EngineClient
from plumbline_beacon.engine_worker import EngineWorker, Role
from plumbline_beacon.engines import Engines
from plumbline_beacon.events import ChainEvents
from plumbline_beacon.faults import CATALOGUE
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.options import Options
from plumbline_beacon.proposer import Proposer
from plumbline_beacon.slot_loop import Plan, SlotLoop
from plumbline_beacon.store import Store, StoreReader
from plumbline_beacon.view import Events, Publication, Readiness
from plumbline_beacon.votes import Votes

log = logging.getLogger("service")

_CHAIN_STOPS_WITHIN_S: Final = 1.0
_REQUESTS_STOP_WITHIN_S: Final = 0.3


class NotFit(Exception):
    """The surroundings do not allow the node to run."""


class Service:
    """One node."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock: Clock = ManualClock() if options.manual_clock else WallClock()
        self.metrics, self.events = Metrics(), Events()
        self.publication = Publication(self.clock)
        self.audience = Audience(lambda: self.publication.view and self.publication.view.light_client)
        self.faults = self.audience.everybody
        self._lock = _lock_folder(options.data)
        self._database = options.data / "beacon.sqlite"
        self._store = Store(
            self._database, any_thread=True
        )  # written by the chain's thread only; opened here to fail early
        self.engines = Engines([self._worker(index) for index in range(len(options.engines))])
        self._failed = False

    def _worker(self, index: int) -> EngineWorker:
        option = self.options.engines[index]
        role = Role.FOLLOWER if option.follower else Role.PRODUCER
        client = EngineClient(option.url, option.secret)
        return EngineWorker(client, role, lambda: ChainPayloads(StoreReader(self._database)), self.metrics)

    def _slot_loop(self) -> SlotLoop:
        options = self.options
        chain = Chain(self._store, self.publication, ChainEvents(self.events, self.faults), self.metrics)
        votes = Votes(self._store)
        proposer = Proposer(chain, votes, self.engines, self.faults)
        plan = Plan(options.backfill_slots, options.backfill_blocks, options.anchor_epochs_behind)
        return SlotLoop(
            chain, votes, proposer, self.engines, self.clock, self.faults, self.publication, self.metrics, plan
        )

    async def run(self) -> bool:
        """Serve until SIGTERM or SIGINT; return whether the chain's thread was well to the end."""
        loop = asyncio.get_running_loop()
        self.events.bind(loop)
        stop, over = threading.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)

        def work() -> None:
            try:
                self._slot_loop().run(stop)
            except Exception:
                self._failed = True
                log.exception("event=chain_failed")
            finally:
                loop.call_soon_threadsafe(over.set)

        runners = await self._serve()
        chain_thread = threading.Thread(target=work, name="chain", daemon=True)
        chain_thread.start()
        await over.wait()
        started = time.monotonic()
        stop.set()
        self.engines.close()
        await asyncio.gather(*(runner.cleanup() for runner in runners))
        await asyncio.to_thread(chain_thread.join, _CHAIN_STOPS_WITHIN_S)
        logs.event(log, "stopped", seconds=time.monotonic() - started, failed=self._failed)
        return not self._failed

    async def _serve(self) -> list[web.AppRunner]:
        options = self.options
        reader = StoreReader(self._database)
        context = Context(self.publication, reader, self.events, self.engines, self.audience, self.metrics)
        by_client = options.control_port is not None
        sites = [
            ("beacon-api", beacon_api(context, by_client=by_client), options.host, options.port),
            ("metrics", self._metrics_application(), options.host, options.metrics_port),
        ]
        if options.control_port is not None and options.control_token is not None:
            control = ControlApi(options.control_token, self.audience, self.clock, self.publication)
            sites.append(("control", control.application(), LOOPBACK, options.control_port))
        runners = []
        for name, application, host, port in sites:
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=_REQUESTS_STOP_WITHIN_S)
            await runner.setup()
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise NotFit(
                    f"cannot listen on {host}:{port} for the {name} ({error.strerror}): choose another port"
                ) from error
            runners.append(runner)
            logs.event(log, "listening", what=name, at=":".join(map(str, runner.addresses[0][:2])))
        return runners

    def _metrics_application(self) -> web.Application:
        self.metrics.set(
            "plumbline_beacon_build_info", 1, version=__version__, spec=spec_version(), python=platform.python_version()
        )

        async def metrics(_: web.Request) -> web.Response:
            self.publication.measure(self.metrics)
            self.metrics.set("plumbline_beacon_event_subscribers", self.events.subscribers)
            for name in CATALOGUE:
                self.metrics.set("plumbline_beacon_fault_active", int(self.faults.active(name)), fault=name)
            return web.Response(
                body=self.metrics.render().encode(), headers={"Content-Type": "text/plain; version=0.0.4"}
            )

        async def alive(_: web.Request) -> web.Response:
            return web.Response(status=503 if self._failed else 200)

        async def ready(_: web.Request) -> web.Response:
            # Not node/health: its 206 for "syncing" would count as success in a Kubernetes HTTP probe.
            readiness = self.publication.readiness
            return web.Response(status=200 if readiness is Readiness.READY else 503, text=readiness)

        application = web.Application()
        application.add_routes([web.get("/metrics", metrics), web.get("/livez", alive), web.get("/readyz", ready)])
        return application


def serve(options: Options) -> bool:
    """Run a node until it is stopped; return whether it was well to the end."""
    service = Service(options)
    logs.event(log, "start", version=__version__, spec=spec_version(), clock=service.clock.name, pid=os.getpid())
    gc.freeze()  # the specification's types never go away: do not look at them again in every collection
    return asyncio.run(service.run())


def _lock_folder(data: Path) -> IO[str]:
    """Take the data folder for this process alone: two nodes on one database would sign twice.

    Raises:
        NotFit: Another process has it, or it cannot be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / "lock").open("w", encoding="ascii")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NotFit(f"another node is running on {data}: stop it, or use another --data folder") from error
    except OSError as error:
        raise NotFit(
            f"the --data folder {data} cannot be written ({error.strerror}): check its owner and mode"
        ) from error
    return file
