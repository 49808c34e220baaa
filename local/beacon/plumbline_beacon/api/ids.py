"""Block and state identifiers of the Beacon API: head, genesis, finalized, justified, a slot, or a root."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from plumbline_beacon import network
from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.encoding import from_hex, to_hex
from plumbline_beacon.spec import spec
from plumbline_beacon.store import BlockRow, StoreReader
from plumbline_beacon.view import View

_ROOT: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_SLOT: Final = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block with what the chain thinks of it."""

    row: BlockRow
    canonical: bool
    finalized: bool

    @property
    def signed(self) -> Any:
        """Return the decoded block."""
        return spec.SignedBeaconBlock.decode_bytes(self.row.ssz)


def parse_root(text: str, what: str) -> bytes:
    """Return a 32-byte root.

    Raises:
        ApiError: 400, it is none.
    """
    if not _ROOT.fullmatch(text):
        raise ApiError(400, f"{what} {text!r} is not a 0x-prefixed root of 32 bytes")
    return from_hex(text)


def parse_number(text: str | None, what: str, default: int | None = None) -> int:
    """Return a decimal number of a query.

    Raises:
        ApiError: 400, it is missing or none.
    """
    if text is None and default is not None:
        return default
    if text is None or not _SLOT.fullmatch(text):
        raise ApiError(400, f"{what} must be a decimal number, not {text!r}")
    return int(text)


def find_block(block_id: str, view: View, store: StoreReader) -> FoundBlock:
    """Return the block that an identifier names; ``genesis`` is the anchor, the first block of this chain.

    Raises:
        ApiError: 400 for what is no identifier, 404 for a block that is not there.
    """
    row = None
    root = _root_of(block_id, view, store)
    if root is not None:
        row = store.block(root)
    if row is None:
        raise ApiError(404, f"block {block_id} is not in this chain")
    canonical = store.canonical_root(row.slot) == row.root
    return FoundBlock(row, canonical, canonical and row.slot <= network.epoch_start(view.finalized_epoch))


def _root_of(block_id: str, view: View, store: StoreReader) -> bytes | None:
    named = {
        "head": view.head_root,
        "finalized": view.finalized_root,
        "justified": view.justified_root,
        "genesis": view.anchor_root,
    }
    if block_id in named:
        return named[block_id]
    if _SLOT.fullmatch(block_id):
        return store.canonical_root(int(block_id))
    if block_id.startswith("0x"):
        return parse_root(block_id, "block root")
    raise ApiError(400, f"{block_id!r} is not head, genesis, finalized, justified, a slot or a root")


def find_state(state_id: str, view: View, store: StoreReader) -> FoundBlock:
    """Return the block whose state an identifier names. A root is that of a state.

    Raises:
        ApiError: 400 for what is no identifier, 404 for a state that is not known.
    """
    if not state_id.startswith("0x"):
        return find_block(state_id, view, store)
    if parse_root(state_id, "state root") == bytes(find_block("head", view, store).signed.message.state_root):
        return find_block("head", view, store)
    raise ApiError(
        404, f"state {state_id} is not known by its root: only the head's is; use head, finalized, justified or a slot"
    )


def header_json(found: FoundBlock) -> dict[str, Any]:
    """Return a block's header (Beacon API, /eth/v1/beacon/headers)."""
    signed = found.signed
    block = signed.message
    return {
        "root": to_hex(found.row.root),
        "canonical": found.canonical,
        "header": {
            "message": {
                "slot": str(int(block.slot)),
                "proposer_index": str(int(block.proposer_index)),
                "parent_root": to_hex(block.parent_root),
                "state_root": to_hex(block.state_root),
                "body_root": to_hex(spec.hash_tree_root(block.body)),
            },
            "signature": to_hex(signed.signature),
        },
    }
