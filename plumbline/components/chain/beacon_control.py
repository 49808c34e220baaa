"""The beacon node's control port: faults that the chain commits on command, and heals on command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.core.errors import PlumblineError

if TYPE_CHECKING:
    import httpx

_WITHIN_S = 10.0


class ControlRefused(PlumblineError):
    """The control port did not do what was asked."""

    def __init__(self, what: str, status: int, said: str) -> None:
        """Keep the request, the HTTP status, and the answer."""
        self.what, self.status, self.said = what, status, said
        super().__init__(f"the beacon node's control port refuses {what}: {status}: {said}")


@dataclass(frozen=True)
class ManualClock:
    """The clock of a chain that is moved on by command.

    Attributes:
        slot: the slot that it shows.
        processed: the newest slot that the chain has been through; 0 before there is one.
    """

    slot: int
    processed: int


class BeaconControl:
    """An open way to the control port."""

    def __init__(self, client: httpx.Client) -> None:
        """Bind to a client that is authorised."""
        self._client = client

    @classmethod
    @contextmanager
    def at(cls, address: str, token: str) -> Iterator[BeaconControl]:
        """Open the port at "HOST:PORT" with its bearer token."""
        import httpx  # noqa: PLC0415

        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://{address}", headers=headers, timeout=_WITHIN_S) as client:
            yield cls(client)

    def inject(self, fault: str, **parameters: Any) -> None:
        """Have the chain commit a fault from now on."""
        self._ask("POST", f"/faults/{fault}", parameters)

    def heal(self, fault: str) -> None:
        """End a fault; one that is not active is as good."""
        self._ask("DELETE", f"/faults/{fault}")

    def mislead(self, client: str, fault: str, **parameters: Any) -> None:
        """Have one client see a fault from now on (:meth:`Consensus.way_for`), and nobody else."""
        self._ask("POST", f"/for/{client}/faults/{fault}", parameters)

    def enlighten(self, client: str) -> None:
        """End whatever was meant for one client."""
        self._ask("DELETE", f"/for/{client}/faults")

    def active(self) -> list[str]:
        """Return the names of the active faults."""
        return [fault["name"] for fault in self._ask("GET", "/faults")["faults"] if fault["active"]]

    def clock(self) -> ManualClock:
        """Return how far a chain is that is moved on by command."""
        told = self._ask("GET", "/clock")
        return ManualClock(int(told["slot"]), int(told["processed_slot"] or 0))

    def advance(self, slots: int) -> None:
        """Move such a chain's clock on, and give each slot a block; does not wait for them."""
        self._ask("POST", "/advance", {"slots": slots})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        if answer.status_code >= 400:
            raise ControlRefused(f"{method} {path}", answer.status_code, answer.text[:300])
        return answer.json()
