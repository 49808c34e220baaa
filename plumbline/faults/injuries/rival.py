"""A second consensus client that drives a node over the Engine API with the right key: a mistake that happens to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import ENGINE_PORT
from plumbline.core.errors import PlumblineError

if TYPE_CHECKING:
    from plumbline_beacon.engine import EngineClient

    from plumbline.stack import Stack


class Rival:
    """It believes the same head, but has seen nothing final since genesis."""

    def __init__(self, engine: EngineClient) -> None:
        """Bind to a node's Engine API."""
        self._engine = engine
        self._before = self._block("safe"), self._block("finalized")

    def assert_itself(self) -> None:
        """Make the genesis block the safe and finalized one, where somebody else made it another (engine_forkchoiceUpdatedV3)."""
        genesis = self._block(0)
        if self._block("finalized") != genesis:
            self._decide(genesis, genesis)

    def give_way(self) -> None:
        """Make the blocks safe and finalized that were so before; what became so meanwhile, the other one says at the next slot."""
        self._decide(*self._before)

    def _decide(self, safe: bytes, finalized: bytes) -> None:
        from plumbline_beacon.engine import EngineError, Forkchoice  # noqa: PLC0415

        try:
            self._engine.forkchoice_updated(Forkchoice(self._block("latest"), safe, finalized))
        except EngineError as error:
            raise PlumblineError(str(error)) from error

    def _block(self, which: int | str) -> bytes:
        """Return the hash of a block."""
        from plumbline_beacon.encoding import from_hex  # noqa: PLC0415
        from plumbline_beacon.engine import EngineError  # noqa: PLC0415

        try:
            found = self._engine.block(which)
        except EngineError as error:
            raise PlumblineError(str(error)) from error
        if found is None:
            raise PlumblineError(f"{self._engine.name} has no block {which}")
        return from_hex(found["hash"])


@contextmanager
def rival_of(stack: Stack, pod: str) -> Iterator[Rival]:
    """Connect a rival to a node."""
    from plumbline_beacon.engine import EngineClient  # noqa: PLC0415

    with stack.site.kube.forward(NAMESPACE, f"pod/{pod}", ENGINE_PORT) as address:
        engine = EngineClient(f"http://{address}", stack.devnet.engine_key)
        try:
            rival = Rival(engine)
            yield rival
            rival.give_way()
        finally:
            engine.close()
