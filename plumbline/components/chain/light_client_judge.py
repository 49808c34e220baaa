"""The specification's own light client as judge of the light-client objects that the beacon node serves.

Source: consensus-specs altair/light-client/sync-protocol.md; its functions run as published, fed from the Beacon API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from plumbline_beacon import network

_PATH = "/eth/v1/beacon/light_client"


class Served(Protocol):
    """A beacon node."""

    def api(self, path: str, **query: Any) -> Any:
        """Return the decoded answer of a Beacon API path."""


@dataclass(frozen=True)
class Judgement:
    """What the specification's light client made of the objects.

    Attributes:
        refused: the objects that it refused, with its reason.
        finalized_slot: slot of the header that it takes for final.
        optimistic_slot: slot of the newest header that it believes.
        served_finalized_slot: slot of the finalized header in the served finality update.
        served_optimistic_slot: slot of the header in the served optimistic update.
    """

    refused: Mapping[str, str]
    finalized_slot: int
    optimistic_slot: int
    served_finalized_slot: int
    served_optimistic_slot: int

    @property
    def follows(self) -> bool:
        """Whether it ended where the served objects wanted it."""
        return self.finalized_slot >= self.served_finalized_slot and self.optimistic_slot >= self.served_optimistic_slot

    def told(self, node: str) -> str:
        """Say what it refused, and where it ended."""
        lines = [f"{node}: the {name} that it serves is refused: {why}" for name, why in self.refused.items()]
        lines.append(
            f"{node} serves finalized slot {self.served_finalized_slot}, the judge is at {self.finalized_slot}"
        )
        lines.append(
            f"{node} serves optimistic slot {self.served_optimistic_slot}, the judge is at {self.optimistic_slot}"
        )
        return "\n".join(lines)


def judge(served: Served, trusted_root: str, slot: int) -> Judgement:
    """Have the specification's light client start from a trusted block and process all that is served now.

    Args:
        served: the beacon node.
        trusted_root: root of the block that is trusted.
        slot: the slot that is under way.
    """
    from plumbline_beacon import ssz_json  # noqa: PLC0415  (the specification takes a second to import)
    from plumbline_beacon.spec import GENESIS_VALIDATORS_ROOT, spec  # noqa: PLC0415

    refused: dict[str, str] = {}

    def take(name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except (AssertionError, ValueError) as error:
            refused[name] = _reason(error)
            return None

    bootstrap = ssz_json.from_json(spec.LightClientBootstrap, served.api(f"{_PATH}/bootstrap/{trusted_root}")["data"])
    period = network.sync_period_of(int(bootstrap.header.beacon.slot))
    updates = served.api(f"{_PATH}/updates", start_period=period, count=8)
    finality = ssz_json.from_json(spec.LightClientFinalityUpdate, served.api(f"{_PATH}/finality_update")["data"])
    optimistic = ssz_json.from_json(spec.LightClientOptimisticUpdate, served.api(f"{_PATH}/optimistic_update")["data"])
    store = take(
        "bootstrap", spec.initialize_light_client_store, bytes.fromhex(trusted_root.removeprefix("0x")), bootstrap
    )
    wanted = int(finality.finalized_header.beacon.slot), int(optimistic.attested_header.beacon.slot)
    if store is None:
        return Judgement(refused, 0, 0, *wanted)
    # A clock that is behind the node's is not the node's fault.
    now = spec.Slot(max(slot, int(optimistic.signature_slot)))

    def process(name: str, step: Callable[..., Any], update: Any) -> None:
        take(name, step, store, update, now, GENESIS_VALIDATORS_ROOT)

    for number, entry in enumerate(updates):
        update = ssz_json.from_json(spec.LightClientUpdate, entry["data"])
        process(f"update of period {period + number}", spec.process_light_client_update, update)
    process("finality update", spec.process_light_client_finality_update, finality)
    process("optimistic update", spec.process_light_client_optimistic_update, optimistic)
    return Judgement(
        refused, int(store.finalized_header.beacon.slot), int(store.optimistic_header.beacon.slot), *wanted
    )


def _reason(error: BaseException) -> str:
    """Return the line of the specification that an object failed on: its assertions have no text."""
    import traceback  # noqa: PLC0415

    last = traceback.extract_tb(error.__traceback__)[-1]
    return str(error) or f"{last.name}: {last.line}"
