"""The control port: faults, and the hand of a manual clock. On the loopback only, behind a bearer token, off by default."""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from plumbline_beacon.api.errors import ApiError, Handler, errors_as_json
from plumbline_beacon.audience import ALONE, Audience
from plumbline_beacon.clock import BeyondWallClock, Clock, ManualClock
from plumbline_beacon.faults import CATALOGUE, BadParameter, Faults, NotForOne, UnknownFault
from plumbline_beacon.network import SLOTS_PER_EPOCH
from plumbline_beacon.slot_loop import SPARSE_STRIDE
from plumbline_beacon.view import Publication

LOOPBACK: Final = "127.0.0.1"


class ControlApi:
    """Faults and time, on command."""

    def __init__(self, token: str, audience: Audience, clock: Clock, publication: Publication) -> None:
        self._token, self._audience, self._clock, self._publication = token, audience, clock, publication

    def application(self) -> web.Application:
        """Return the control API as an application."""
        application = web.Application(middlewares=[errors_as_json, self._authenticated()])
        application.add_routes(
            [
                *(
                    route
                    for audience in ("", ALONE)
                    for route in (
                        web.get(f"{audience}/faults", self.list_faults),
                        web.delete(f"{audience}/faults", self.heal_all),
                        web.get(f"{audience}/faults/{{name}}", self.show_fault),
                        web.post(f"{audience}/faults/{{name}}", self.inject),
                        web.delete(f"{audience}/faults/{{name}}", self.heal),
                    )
                ),
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

    def _faults(self, request: web.Request) -> Faults:
        """Return the faults that a request is about: everybody's, or those of the client in its path."""
        client = request.match_info.get("client")
        return self._audience.everybody if client is None else self._audience.alone(client)

    async def list_faults(self, request: web.Request) -> web.Response:
        """All faults with their state."""
        faults = self._faults(request)
        return web.json_response({"faults": [faults.describe(name) for name in CATALOGUE]})

    async def show_fault(self, request: web.Request) -> web.Response:
        """One fault with its state."""
        return self._described(request)

    async def inject(self, request: web.Request) -> web.Response:
        """Activate a fault, with its parameters as a JSON object."""
        name, faults = request.match_info["name"], self._faults(request)
        try:
            faults.describe(name)
            if "client" in request.match_info and not CATALOGUE[name].for_one:
                raise NotForOne(name)
            faults.inject(name, await _json_object(request))
        except UnknownFault as error:
            raise ApiError(404, str(error)) from error
        except (BadParameter, NotForOne) as error:
            raise ApiError(400, str(error)) from error
        return self._described(request)

    async def heal(self, request: web.Request) -> web.Response:
        """End a fault."""
        try:
            self._faults(request).heal(request.match_info["name"])
        except UnknownFault as error:
            raise ApiError(404, str(error)) from error
        return self._described(request)

    async def heal_all(self, request: web.Request) -> web.Response:
        """End all faults."""
        self._faults(request).heal_all()
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

    def _described(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self._faults(request).describe(request.match_info["name"]))
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
