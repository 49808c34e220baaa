"""The control port: faults, and the hand of a manual clock. On the loopback only, behind a bearer token, off by default."""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from plumbline_beacon.api.errors import ApiError, Handler, errors_as_json
from plumbline_beacon.clock import BeyondWallClock, Clock, ManualClock
from plumbline_beacon.faults import CATALOGUE, BadParameter, Faults, UnknownFault
from plumbline_beacon.network import SLOTS_PER_EPOCH
from plumbline_beacon.slot_loop import SPARSE_STRIDE
from plumbline_beacon.view import Publication

LOOPBACK: Final = "127.0.0.1"


class ControlApi:
    """Faults and time, on command."""

    def __init__(self, token: str, faults: Faults, clock: Clock, publication: Publication) -> None:
        self._token, self._faults, self._clock, self._publication = token, faults, clock, publication

    def application(self) -> web.Application:
        """Return the control API as an application."""
        application = web.Application(middlewares=[errors_as_json, self._authenticated()])
        application.add_routes(
            [
                web.get("/faults", self.list_faults),
                web.delete("/faults", self.heal_all),
                web.get("/faults/{name}", self.show_fault),
                web.post("/faults/{name}", self.inject),
                web.delete("/faults/{name}", self.heal),
                web.get("/clock", self.show_clock),
                web.post("/advance", self.advance),
            ]
        )
        return application

    def _authenticated(self) -> Middleware:
        expected = f"Bearer {self._token}".encode()

        @web.middleware
        async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
                raise ApiError(401, "send Authorization: Bearer <the token of --control-token-file>")
            return await handler(request)

        return authenticate

    async def list_faults(self, _: web.Request) -> web.Response:
        """All faults with their state."""
        return web.json_response({"faults": [self._faults.describe(name) for name in CATALOGUE]})

    async def show_fault(self, request: web.Request) -> web.Response:
        """One fault with its state."""
        return self._described(request.match_info["name"])

    async def inject(self, request: web.Request) -> web.Response:
        """Activate a fault, with its parameters as a JSON object."""
        name = request.match_info["name"]
        try:
            self._faults.describe(name)
            self._faults.inject(name, await _json_object(request))
        except UnknownFault as error:
            raise ApiError(404, str(error)) from error
        except BadParameter as error:
            raise ApiError(400, str(error)) from error
        return self._described(name)

    async def heal(self, request: web.Request) -> web.Response:
        """End a fault."""
        name = request.match_info["name"]
        try:
            self._faults.heal(name)
        except UnknownFault as error:
            raise ApiError(404, str(error)) from error
        return self._described(name)

    async def heal_all(self, request: web.Request) -> web.Response:
        """End all faults."""
        self._faults.heal_all()
        return await self.list_faults(request)

    async def show_clock(self, _: web.Request) -> web.Response:
        """The clock's slot, and how far the chain is."""
        view = self._publication.view
        return web.json_response(
            {
                "clock": self._clock.name,
                "slot": self._clock.slot(),
                "processed_slot": self._publication.last_slot,
                "head_slot": None if view is None else view.head_slot,
            }
        )

    async def advance(self, request: web.Request) -> web.Response:
        """Move a manual clock: {"slots": n} or {"epochs": n}, optionally {"stride": k} for a block in every k-th slot only."""
        if not isinstance(self._clock, ManualClock):
            raise ApiError(
                409, "this chain follows the wall clock; only one started with --clock manual can be advanced"
            )
        if self._publication.view is None:
            raise ApiError(503, "there is no chain yet")
        order = await _json_object(request)
        if unknown := sorted(set(order) - {"slots", "epochs", "stride"}):
            raise ApiError(400, f"unknown {', '.join(unknown)}; an order has slots or epochs, and stride")
        if ("slots" in order) == ("epochs" in order):
            raise ApiError(400, "an order has either slots or epochs")
        slots = _whole(order.get("slots", 0), "slots") + SLOTS_PER_EPOCH * _whole(order.get("epochs", 0), "epochs")
        stride = _whole(order.get("stride", 1), "stride")
        if not 1 <= stride <= SPARSE_STRIDE:
            raise ApiError(400, f"stride must be from 1 to {SPARSE_STRIDE}: with fewer blocks votes are lost")
        try:
            self._clock.advance(slots, stride)
        except BeyondWallClock as error:
            raise ApiError(409, str(error)) from error
        return await self.show_clock(request)

    def _described(self, name: str) -> web.Response:
        try:
            return web.json_response(self._faults.describe(name))
        except UnknownFault as error:
            raise ApiError(404, str(error)) from error


async def _json_object(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        found = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ApiError(400, "the body must be a JSON object")
    return found


def _whole(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ApiError(400, f"{what} must be a whole number that is not negative, not {value!r}")
    return value
