"""Routes about the node: /eth/v1/node/* and /eth/v1/config/*."""

from __future__ import annotations

import platform
from importlib import metadata

from aiohttp import web

from plumbline_beacon import __version__
from plumbline_beacon.api import config
from plumbline_beacon.api.answers import data
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.api.ids import parse_number
from plumbline_beacon.view import Readiness


class NodeRoutes:
    """How the node is, and how it is configured."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[web.RouteDef]:
        """Return the path of every handler."""
        return [
            web.get("/eth/v1/node/health", self.health),
            web.get("/eth/v1/node/syncing", self.syncing),
            web.get("/eth/v1/node/version", self.version),
            web.get("/eth/v1/node/identity", self.identity),
            web.get("/eth/v1/node/peers", self.peers),
            web.get("/eth/v1/node/peer_count", self.peer_count),
            web.get("/eth/v1/config/spec", self.config_spec),
            web.get("/eth/v1/config/fork_schedule", self.fork_schedule),
            web.get("/eth/v1/config/deposit_contract", self.deposit_contract),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """200: ready for followers; 206 (or what the caller prefers): syncing; 503: no chain yet."""
        syncing_status = parse_number(request.query.get("syncing_status"), "syncing_status", 206)
        if not 100 <= syncing_status <= 599:
            raise ApiError(400, f"syncing_status must be a status from 100 to 599, not {syncing_status}")
        codes = {Readiness.READY: 200, Readiness.SYNCING: syncing_status, Readiness.NOT_INITIALISED: 503}
        return web.Response(status=codes[self._context.publication.readiness])

    async def syncing(self, _: web.Request) -> web.Response:
        """Head, distance to the clock, and whether engines answer."""
        publication = self._context.publication
        return data(
            {
                "head_slot": str(self._context.view().head_slot),
                "sync_distance": str(publication.sync_distance),
                "is_syncing": not publication.live,
                "is_optimistic": False,
                "el_offline": self._context.engines.offline,
            }
        )

    async def version(self, _: web.Request) -> web.Response:
        """This program, the specification and Python."""
        return data({"version": version_string()})

    async def identity(self, _: web.Request) -> web.Response:
        """There is no consensus network to be somebody in: all addresses are empty."""
        nobody = {"seq_number": "0", "attnets": "0x0000000000000000", "syncnets": "0x00"}
        return data({"peer_id": "", "enr": "", "p2p_addresses": [], "discovery_addresses": [], "metadata": nobody})

    async def peers(self, _: web.Request) -> web.Response:
        """No peers: this node is the whole consensus layer."""
        return web.json_response({"data": [], "meta": {"count": 0}})

    async def peer_count(self, _: web.Request) -> web.Response:
        """No peers in any state."""
        return data({"disconnected": "0", "connecting": "0", "connected": "0", "disconnecting": "0"})

    async def config_spec(self, _: web.Request) -> web.Response:
        """All constants, presets and configuration."""
        return data(config.spec_json())

    async def fork_schedule(self, _: web.Request) -> web.Response:
        """All forks."""
        return data(config.fork_schedule_json())

    async def deposit_contract(self, _: web.Request) -> web.Response:
        """Where deposits go."""
        return data(config.deposit_contract_json())


def version_string() -> str:
    """Return this program's version in the usual form."""
    return f"plumbline-beacon/{__version__} (eth-consensus-specs {spec_version()}; Python {platform.python_version()})"


def spec_version() -> str:
    """Return the version of the executable specification."""
    return metadata.version("eth-consensus-specs")
