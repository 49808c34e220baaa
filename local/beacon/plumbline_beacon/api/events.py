"""The event stream: /eth/v1/events."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import hdrs, web

from plumbline_beacon.api.answers import listed
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.view import TOPICS

_COMMENT_EVERY_S: Final = 15.0
_COMMENT: Final = b":\n\n"


class EventRoutes:
    """Server-sent events."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[web.RouteDef]:
        """Return the path of the handler."""
        return [web.get("/eth/v1/events", self.events)]

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send events of the wanted topics until the subscriber leaves."""
        topics = listed(request, "topics")
        if not topics or topics - TOPICS:
            given = ", ".join(sorted(topics)) or "none"
            raise ApiError(400, f"topics must be some of {', '.join(sorted(TOPICS))}, not {given}")
        headers = {hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        subscription = self._context.events.subscribe(topics)
        try:
            await response.write(_COMMENT)
            while (message := await _next_message(subscription.queue)) is not None:
                await response.write(message)
        except ConnectionError:
            pass  # the subscriber left
        finally:
            self._context.events.unsubscribe(subscription)
        return response


async def _next_message(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        return await asyncio.wait_for(queue.get(), _COMMENT_EVERY_S)
    except TimeoutError:
        return _COMMENT
