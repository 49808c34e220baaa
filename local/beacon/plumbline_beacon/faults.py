"""Faults that the chain commits on command, and heals on command. They live in memory: a restart heals all of them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fault's parameter and its bounds."""

    kind: type[int] | type[float]
    lowest: float
    highest: float
    default: float


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One way to misbehave; one that concerns light-client updates only can be meant for a single client."""

    name: str
    meaning: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    for_one: bool = False


MAX_REORG_DEPTH: Final = 16

CATALOGUE: Final = {
    kind.name: kind
    for kind in (
        FaultKind(
            "skip_slots", "The next slots have no block; ends by itself.", {"count": Parameter(int, 1, 1_000_000, 1)}
        ),
        FaultKind("withhold_attestations", "No validator votes: justification and finality stand still."),
        FaultKind("stall", "No slot is processed; healing catches up with the clock."),
        FaultKind(
            "reorg",
            "The next block is built that many blocks below the head; ends by itself.",
            {"depth": Parameter(int, 1, MAX_REORG_DEPTH, 1)},
        ),
        FaultKind(
            "bad_sync_signature",
            "Light-client updates are served with a sync-committee signature over another root.",
            for_one=True,
        ),
        FaultKind(
            "wrong_finality_branch",
            "Light-client updates are served with a finality branch that proves nothing.",
            for_one=True,
        ),
        FaultKind("old_updates", "The light-client updates of the moment are served on and on.", for_one=True),
        FaultKind(
            "few_signatures",
            "Light-client updates are served as if only this fraction of the validators had been on line to sign.",
            {"fraction": Parameter(float, 0.0, 1.0, 0.5)},
            for_one=True,
        ),
        FaultKind(
            "low_participation",
            "Only this fraction of the validators is on line: the others neither vote nor sign in the sync committee.",
            {"fraction": Parameter(float, 0.0, 1.0, 0.5)},
        ),
    )
}


class UnknownFault(KeyError):
    """A fault that is not in the catalogue."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no fault {name!r}; the faults are {', '.join(CATALOGUE)}")

    def __str__(self) -> str:
        """Return the sentence without the quotes that KeyError adds."""
        return str(self.args[0])


class BadParameter(ValueError):
    """A parameter that a fault does not take, or out of bounds."""


class NotForOne(ValueError):
    """A fault of the chain, which all clients see."""

    def __init__(self, name: str) -> None:
        served = ", ".join(kind.name for kind in CATALOGUE.values() if kind.for_one)
        super().__init__(f"fault {name} is the chain's, and everybody sees it; meant for one client can be {served}")


class Faults:
    """Which faults are active, with their parameters; safe for use by several threads."""

    def __init__(self, served: Callable[[], Any] = lambda: None) -> None:
        """Start without any.

        Args:
            served: returns what light clients are served at the moment; what it was when a fault began is kept.
        """
        self._served = served
        self._active: dict[str, dict[str, float]] = {}
        self._since: dict[str, float] = {}
        self._kept: dict[str, Any] = {}
        self._lock = threading.Lock()

    def inject(self, name: str, given: Mapping[str, Any]) -> None:
        """Activate a fault, or change the parameters of an active one.

        Raises:
            UnknownFault: No such fault.
            BadParameter: A parameter that it does not take, or out of bounds.
        """
        kind = _kind(name)
        if unknown := sorted(set(given) - set(kind.parameters)):
            takes = ", ".join(kind.parameters) or "none"
            raise BadParameter(f"fault {name} does not take {', '.join(unknown)}; its parameters: {takes}")
        chosen = {key: _checked(name, key, parameter, given.get(key)) for key, parameter in kind.parameters.items()}
        with self._lock:
            self._active[name] = chosen
            self._since[name] = time.time()
            self._kept[name] = self._served()

    def heal(self, name: str) -> None:
        """End a fault; no-op when it is not active.

        Raises:
            UnknownFault: No such fault.
        """
        _kind(name)
        with self._lock:
            self._active.pop(name, None)

    def heal_all(self) -> None:
        """End every fault."""
        with self._lock:
            self._active.clear()

    def active(self, name: str) -> bool:
        """Whether a fault is active."""
        return name in self._active

    def kept(self, name: str) -> Any:
        """Return what light clients were served when a fault began; None when it is not active."""
        with self._lock:
            return self._kept.get(name) if name in self._active else None

    def fraction_signing(self) -> float:
        """Return the share of validators whose signatures are served."""
        with self._lock:
            return self._active.get("few_signatures", {}).get("fraction", 1.0)

    def fraction_online(self) -> float:
        """Return the share of validators that is on line."""
        with self._lock:
            return self._active.get("low_participation", {}).get("fraction", 1.0)

    def take_skip(self) -> bool:
        """Whether the coming slot is to be skipped; counts it."""
        with self._lock:
            fault = self._active.get("skip_slots")
            if fault is None:
                return False
            fault["count"] -= 1
            if fault["count"] <= 0:
                del self._active["skip_slots"]
            return True

    def take_reorg(self) -> int:
        """Return how many blocks below the head the coming block is to be built; ends the fault."""
        with self._lock:
            return int(self._active.pop("reorg", {}).get("depth", 0))

    def describe(self, name: str) -> dict[str, Any]:
        """Return a fault with its parameters and state, for the control port.

        Raises:
            UnknownFault: No such fault.
        """
        kind = _kind(name)
        with self._lock:
            active = self._active.get(name)
            return {
                "name": name,
                "meaning": kind.meaning,
                "parameters": {
                    key: {"default": p.default, "lowest": p.lowest, "highest": p.highest}
                    for key, p in kind.parameters.items()
                },
                "active": active is not None,
                "chosen": dict(active or {}),
                "since": self._since[name] if active is not None else None,
            }


def _kind(name: str) -> FaultKind:
    if name not in CATALOGUE:
        raise UnknownFault(name)
    return CATALOGUE[name]


def _checked(fault: str, key: str, parameter: Parameter, value: Any) -> float:
    if value is None:
        return parameter.default
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    whole = numeric and (parameter.kind is float or value == int(value))
    if not whole or not parameter.lowest <= value <= parameter.highest:
        noun = "a whole number" if parameter.kind is int else "a number"
        raise BadParameter(
            f"fault {fault}: {key} must be {noun} from {parameter.lowest:g} to {parameter.highest:g}, not {value!r}"
        )
    return parameter.kind(value)
