"""Light-client objects: made by the specification's own functions, kept, and - on command - served spoilt.

Source: consensus-specs altair/light-client/full-node.md (``create_light_client_*``), ``is_better_update``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from plumbline_beacon import keys, network
from plumbline_beacon.faults import Faults
from plumbline_beacon.production import sync_aggregate
from plumbline_beacon.spec import BeaconState, LightClientUpdate, SignedBeaconBlock, root_of, spec
from plumbline_beacon.store import Store

_FINALITY: Final = "finality_update"
_OPTIMISTIC: Final = "optimistic_update"
_WRONG_ROOT: Final = b"\x66" * 32


@dataclass(frozen=True, slots=True)
class LightClientData:
    """What light clients are served, replaced as a whole with each block."""

    finality_update: Any = None
    optimistic_update: Any = None
    best_updates: tuple[tuple[int, LightClientUpdate], ...] = ()

    def updates(self, start_period: int, count: int) -> list[LightClientUpdate]:
        """Return the best updates of consecutive periods.

        It stops at one without finality: Geth's light client gives up on an all-zero finalized header.
        """
        best = dict(self.best_updates)
        found = []
        for period in range(start_period, start_period + count):
            update = best.get(period)
            if update is None or not spec.is_finality_update(update):
                break
            found.append(update)
        return found


def load(store: Store) -> LightClientData:
    """Read back what was served before a restart."""
    finality, optimistic = store.fact(_FINALITY), store.fact(_OPTIMISTIC)
    return LightClientData(
        finality and spec.LightClientFinalityUpdate.decode_bytes(finality),
        optimistic and spec.LightClientOptimisticUpdate.decode_bytes(optimistic),
        tuple((period, spec.LightClientUpdate.decode_bytes(ssz)) for period, ssz in store.updates().items()),
    )


def after_block(
    known: LightClientData,
    store: Store,
    state: BeaconState,
    block: SignedBeaconBlock,
    attested: tuple[BeaconState, SignedBeaconBlock],
    finalized: SignedBeaconBlock | None,
) -> LightClientData:
    """Return, and store, the light-client data after a block, whose sync aggregate attests its parent."""
    attested_state, attested_block = attested
    if not any(block.message.body.sync_aggregate.sync_committee_bits):
        return known  # nobody signed: the block proves nothing to a light client
    update = spec.create_light_client_update(state, block, attested_state, attested_block, finalized)
    best = dict(known.best_updates)
    period = network.sync_period_of(int(attested_state.slot))
    if period not in best or spec.is_better_update(update, best[period]):
        best[period] = update
        store.put_update(period, update.encode_bytes())
    optimistic = spec.create_light_client_optimistic_update(update)
    store.put_fact(_OPTIMISTIC, optimistic.encode_bytes())
    finality = known.finality_update
    if finalized is not None:
        finality = spec.create_light_client_finality_update(update)
        store.put_fact(_FINALITY, finality.encode_bytes())
    newest = int(spec.MAX_REQUEST_LIGHT_CLIENT_UPDATES)
    return LightClientData(finality, optimistic, tuple(sorted(best.items())[-newest:]))


def served_from(newest: LightClientData, state: BeaconState, faults: Faults) -> LightClientData:
    """Return the data that light clients are served from: the newest, unless a fault says otherwise.

    Args:
        newest: the data as of the head.
        state: the head's state.
        faults: what is wrong on command.
    """
    standing: LightClientData | None = faults.kept("old_updates")
    if standing is not None:
        return standing
    if (fraction := faults.fraction_signing()) == 1:
        return newest
    finality, optimistic = (
        update and _signed_by(update, state, fraction) for update in (newest.finality_update, newest.optimistic_update)
    )
    return replace(newest, finality_update=finality, optimistic_update=optimistic)


def _signed_by(update: Any, state: BeaconState, fraction: float) -> Any:
    """Return an update as it would be if only this fraction of the validators had been on line to sign its header."""
    signed = update.copy()
    signed.sync_aggregate = sync_aggregate(state, root_of(update.attested_header.beacon), fraction)
    return signed


def as_served(update: Any, faults: Faults) -> Any:
    """Return an update the way it is to be served: untouched, or a spoilt copy. What is stored is never spoilt."""
    bad_signature = faults.active("bad_sync_signature")
    bad_branch = faults.active("wrong_finality_branch") and hasattr(update, "finality_branch")
    if not (bad_signature or bad_branch):
        return update
    spoilt = update.copy()
    if bad_signature:  # well-formed, by the right keys, over a wrong root
        spoilt.sync_aggregate.sync_committee_signature = keys.sign_together(range(keys.VALIDATORS), _WRONG_ROOT)
    if bad_branch:
        spoilt.finality_branch[-1] = _WRONG_ROOT
    return spoilt
