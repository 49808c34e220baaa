"""Routes about blocks, states and finality."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from plumbline_beacon import network
from plumbline_beacon.api import config
from plumbline_beacon.api.answers import SSZ, data, json_body, listed, ssz_body, wants_ssz
from plumbline_beacon.api.context import Context
from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.api.ids import FoundBlock, find_block, find_state, header_json, parse_number
from plumbline_beacon.api.validators import validators_json
from plumbline_beacon.encoding import to_hex
from plumbline_beacon.ssz_json import to_json
from plumbline_beacon.view import View

_MOST_RECORDS = 10_000
_USUAL_RECORDS = 256


class ChainRoutes:
    """What the chain holds."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[web.RouteDef]:
        """Return the path of every handler."""
        beacon = "/eth/v1/beacon"
        return [
            web.get(f"{beacon}/genesis", self.genesis),
            web.get(f"{beacon}/headers", self.headers),
            web.get(f"{beacon}/headers/{{block_id}}", self.header),
            web.get("/eth/v2/beacon/blocks/{block_id}", self.block),
            web.get(f"{beacon}/blocks/{{block_id}}/root", self.block_root),
            web.get(f"{beacon}/states/{{state_id}}/root", self.state_root),
            web.get(f"{beacon}/states/{{state_id}}/fork", self.state_fork),
            web.get(f"{beacon}/states/{{state_id}}/finality_checkpoints", self.finality_checkpoints),
            web.get(f"{beacon}/states/{{state_id}}/validators", self.validators),
            web.get("/eth/v2/debug/beacon/states/{state_id}", self.debug_state),
            web.get("/plumbline/v1/finality_history", self.finality_history),
        ]

    # ---- blocks

    async def genesis(self, _: web.Request) -> web.Response:
        """The genesis that clients know: Sepolia's."""
        return data(
            {
                "genesis_time": str(network.GENESIS_TIME),
                "genesis_validators_root": network.GENESIS_VALIDATORS_ROOT,
                "genesis_fork_version": network.FORKS[0].version,
            }
        )

    async def headers(self, request: web.Request) -> web.Response:
        """The header of the head, or of the canonical block of a slot, as a list."""
        slot = request.query.get("slot")
        found = self._block("head" if slot is None else str(parse_number(slot, "slot")))
        return data([header_json(found)], finalized=found.finalized)

    async def header(self, request: web.Request) -> web.Response:
        """A block's header."""
        found = self._block(request.match_info["block_id"])
        return data(header_json(found), finalized=found.finalized)

    async def block(self, request: web.Request) -> web.Response:
        """A block, as JSON or SSZ."""
        found = self._block(request.match_info["block_id"])
        if wants_ssz(request):
            return ssz_body(found.row.ssz)
        about = {"version": network.FORK_NAME, "execution_optimistic": False, "finalized": found.finalized}
        return json_body(json.dumps({**about, "data": to_json(found.signed)}).encode())

    async def block_root(self, request: web.Request) -> web.Response:
        """A block's root."""
        found = self._block(request.match_info["block_id"])
        return data({"root": to_hex(found.row.root)}, finalized=found.finalized)

    def _block(self, block_id: str) -> FoundBlock:
        return find_block(block_id, self._context.view(), self._context.store)

    # ---- states

    async def state_root(self, request: web.Request) -> web.Response:
        """The root of a block's state."""
        found = self._state(request)
        return data({"root": to_hex(found.signed.message.state_root)}, finalized=found.finalized)

    async def state_fork(self, request: web.Request) -> web.Response:
        """The fork under which a state signs; the whole chain is in the last one."""
        return data(config.fork_schedule_json()[-1], finalized=self._state(request).finalized)

    async def finality_checkpoints(self, request: web.Request) -> web.Response:
        """What a block's state holds for justified and finalized."""
        found = self._state(request)
        return data(json.loads(found.row.checkpoints), finalized=found.finalized)

    async def validators(self, request: web.Request) -> web.Response:
        """All validators of the head's state, or those that ``id`` and ``status`` select."""
        state = self._head_only(request).state
        return data(validators_json(state, listed(request, "id"), listed(request, "status")), finalized=False)

    async def debug_state(self, request: web.Request) -> web.Response:
        """The head's whole state as SSZ, for whoever wants to recompute what this node claims."""
        view = self._head_only(request)
        if not wants_ssz(request):
            raise ApiError(406, f"states are served as SSZ only: send Accept: {SSZ}")
        return ssz_body(await asyncio.to_thread(view.state.encode_bytes))

    def _state(self, request: web.Request) -> FoundBlock:
        return find_state(request.match_info["state_id"], self._context.view(), self._context.store)

    def _head_only(self, request: web.Request) -> View:
        view = self._context.view()
        if self._state(request).row.root != view.head_root:
            raise ApiError(404, f"state {request.match_info['state_id']} is not kept: only the head's is")
        return view

    # ---- ours

    async def finality_history(self, request: web.Request) -> web.Response:
        """What the first block of each epoch said about finality, oldest first."""
        from_epoch = parse_number(request.query.get("from_epoch"), "from_epoch", 0)
        limit = parse_number(request.query.get("limit"), "limit", _USUAL_RECORDS)
        self._context.view()
        records = self._context.store.finality_history(from_epoch, min(limit, _MOST_RECORDS))
        return data(
            [
                {
                    "epoch": str(record.epoch),
                    "slot": str(record.slot),
                    "justified": {"epoch": str(record.justified_epoch), "root": to_hex(record.justified_root)},
                    "finalized": {"epoch": str(record.finalized_epoch), "root": to_hex(record.finalized_root)},
                    "wall_time": record.wall_time,
                }
                for record in records
            ]
        )
