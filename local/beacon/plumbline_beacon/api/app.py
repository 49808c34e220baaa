"""The whole Beacon API as one application."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Middleware

from plumbline_beacon.api.chain import ChainRoutes
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.errors import Handler, errors_as_json
from plumbline_beacon.api.events import EventRoutes
from plumbline_beacon.api.light_client import LightClientRoutes
from plumbline_beacon.api.node import NodeRoutes
from plumbline_beacon.audience import ALONE
from plumbline_beacon.metrics import Metrics


def beacon_api(context: Context, *, by_client: bool) -> web.Application:
    """Return the application with all routes; ``by_client`` serves them once more for each client that takes a way of its own."""
    application = web.Application(middlewares=[_counted(context.metrics), errors_as_json])
    for group in (NodeRoutes(context), ChainRoutes(context), LightClientRoutes(context), EventRoutes(context)):
        for route in group.routes():
            application.add_routes([route])
            if by_client:
                application.router.add_route(route.method, ALONE + route.path, route.handler)
    return application


def _counted(metrics: Metrics) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        resource = request.match_info.route.resource
        route = "unknown" if resource is None else resource.canonical
        metrics.add("plumbline_beacon_api_requests_total", route=route, status=str(response.status))
        return response

    return count
