"""The forms that answers have: wrapped in ``data``, JSON with its fork, or SSZ."""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import hdrs, web

from plumbline_beacon import network
from plumbline_beacon.ssz_json import versioned

SSZ: Final = "application/octet-stream"
_VERSION_HEADER: Final = {"Eth-Consensus-Version": network.FORK_NAME}


def data(value: Any, *, finalized: bool | None = None) -> web.Response:
    """Answer with a value; with `finalized`, as something that depends on the chain."""
    about = {} if finalized is None else {"execution_optimistic": False, "finalized": finalized}
    return web.json_response({**about, "data": value})


def versioned_bytes(value: Any) -> bytes:
    """Return an SSZ value with its fork, as a JSON text."""
    return json.dumps(versioned(value)).encode()


def json_body(body: bytes) -> web.Response:
    """Answer with a JSON text whose types are of the fork."""
    return web.Response(body=body, content_type="application/json", headers=_VERSION_HEADER)


def ssz_body(body: bytes) -> web.Response:
    """Answer with SSZ whose types are of the fork."""
    return web.Response(body=body, content_type=SSZ, headers=_VERSION_HEADER)


def wants_ssz(request: web.Request) -> bool:
    """Whether the caller asks for SSZ rather than JSON."""
    return SSZ in request.headers.get(hdrs.ACCEPT, "")


def listed(request: web.Request, name: str) -> frozenset[str]:
    """Return the values of a repeatable, comma-separated query parameter."""
    return frozenset(value for given in request.query.getall(name, []) for value in given.split(",") if value)
