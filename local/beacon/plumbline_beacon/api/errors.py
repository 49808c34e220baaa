"""Errors as JSON with the right status (Beacon API: an object with ``code`` and ``message``)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

log = logging.getLogger("http")

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """A request that cannot be served, with the status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def error_response(status: int, message: str) -> web.Response:
    """Return an error the way the Beacon API writes it."""
    return web.json_response({"code": status, "message": message}, status=status)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into such an error."""
    try:
        return await handler(request)
    except ApiError as error:
        return error_response(error.status, str(error))
    except web.HTTPException as error:
        return error_response(error.status, f"{request.method} {request.path}: {error.reason}")
    except Exception:
        log.exception("event=request_failed path=%s", request.path)
        return error_response(500, "internal error; the log has the traceback")
