"""Routes for light clients: /eth/v1/beacon/light_client/*."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from aiohttp import web

from plumbline_beacon.api.answers import json_body, ssz_body, versioned_bytes, wants_ssz
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.api.ids import parse_number, parse_root
from plumbline_beacon.encoding import to_hex
from plumbline_beacon.faults import Faults
from plumbline_beacon.lightclient import LightClientData, as_served, served_from
from plumbline_beacon.spec import spec

_MOST_UPDATES: Final = 128
_RENDERED_KEPT: Final = 32


class LightClientRoutes:
    """Bootstraps and updates, spoilt when a fault says so."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rendered: OrderedDict[int, tuple[Any, bytes]] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """Return the path of every handler."""
        light_client = "/eth/v1/beacon/light_client"
        return [
            web.get(f"{light_client}/bootstrap/{{block_root}}", self.bootstrap),
            web.get(f"{light_client}/updates", self.updates),
            web.get(f"{light_client}/finality_update", self.finality_update),
            web.get(f"{light_client}/optimistic_update", self.optimistic_update),
        ]

    async def bootstrap(self, request: web.Request) -> web.Response:
        """Where a light client starts from a checkpoint that it trusts."""
        root = parse_root(request.match_info["block_root"], "block root")
        self._context.view()
        ssz = self._context.store.bootstrap(root)
        if ssz is None:
            raise ApiError(404, f"no bootstrap for {to_hex(root)}: it is no checkpoint of this chain, or too old")
        if wants_ssz(request):
            return ssz_body(ssz)
        return json_body(versioned_bytes(spec.LightClientBootstrap.decode_bytes(ssz)))

    async def updates(self, request: web.Request) -> web.Response:
        """The best update of each sync-committee period."""
        start = parse_number(request.query.get("start_period"), "start_period")
        count = parse_number(request.query.get("count"), "count")
        found = self._data(request).updates(start, min(count, _MOST_UPDATES))
        faults = self._faults(request)
        return json_body(b"[" + b",".join(self._render(update, faults) for update in found) + b"]")

    async def finality_update(self, request: web.Request) -> web.Response:
        """The newest proof of finality."""
        return self._update(request, self._data(request).finality_update, "finality update")

    async def optimistic_update(self, request: web.Request) -> web.Response:
        """The newest head that the sync committee signed."""
        return self._update(request, self._data(request).optimistic_update, "optimistic update")

    def _faults(self, request: web.Request) -> Faults:
        return self._context.audience.of(request.match_info.get("client"))

    def _data(self, request: web.Request) -> LightClientData:
        view = self._context.view()
        return served_from(view.light_client, view.state, self._faults(request))

    def _update(self, request: web.Request, update: Any, what: str) -> web.Response:
        if update is None:
            raise ApiError(404, f"there is no {what} yet")
        if wants_ssz(request):
            return ssz_body(as_served(update, self._faults(request)).encode_bytes())
        return json_body(self._render(update, self._faults(request)))

    def _render(self, update: Any, faults: Faults) -> bytes:
        """Return an update's JSON as it is to be served; the same few are asked for over and over, and hold many keys."""
        served = as_served(update, faults)
        if served is not update:
            return versioned_bytes(served)
        kept = self._rendered.get(id(update))
        if kept is None or kept[0] is not update:
            kept = self._rendered[id(update)] = (update, versioned_bytes(update))
            while len(self._rendered) > _RENDERED_KEPT:
                self._rendered.popitem(last=False)
        return kept[1]
