"""What is sealed to which key: the report by which one sees what a renewal left behind, and what is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.components.secrets import sealing
from plumbline.components.secrets.sealing import Scope, SealingKey
from plumbline.kube.api import Object, condition_of, name_of


@dataclass(frozen=True)
class Sealed:
    """What is known of one SealedSecret.

    Attributes:
        name: "namespace/name".
        scope: where it can be unsealed.
        because: why that is wider than strict; empty where it is not, or where nobody says.
        key: name of the key that opens it; empty where none of the cluster does.
        current: whether that is the newest key.
        trouble: what the controller says against it; empty where it unsealed it.
    """

    name: str
    scope: Scope
    because: str
    key: str
    current: bool
    trouble: str

    def __str__(self) -> str:
        """Show it on one line."""
        by = f"sealed to {self.key}" + ("" if self.current else ", an old key") if self.key else "LOST: no key opens it"
        wide = "" if self.scope is Scope.STRICT else f", {self.scope} because: {self.because or '(nobody says)'}"
        return f"{self.name}: {by}{wide}" + (f" – {self.trouble}" if self.trouble else "")


@dataclass(frozen=True)
class Report:
    """The keys of a cluster, newest first, and everything that is sealed to them."""

    keys: tuple[SealingKey, ...]
    sealed: tuple[Sealed, ...]

    @property
    def lost(self) -> tuple[Sealed, ...]:
        """What no key opens."""
        return tuple(one for one in self.sealed if not one.key)

    @property
    def on_old_keys(self) -> tuple[Sealed, ...]:
        """What is still sealed to a key that is not the newest."""
        return tuple(one for one in self.sealed if one.key and not one.current)

    def __str__(self) -> str:
        """Show the keys, then each SealedSecret."""
        newest = self.keys[0].name if self.keys else ""
        keys = [
            f"key {key.name}: since {key.since:%Y-%m-%d %H:%M:%S} UTC" + (", the newest" if key.name == newest else "")
            for key in self.keys
        ]
        return "\n".join([*keys, *map(str, self.sealed)])


def judged(sealed: Object, keys: Sequence[SealingKey]) -> Sealed:
    """Return what is known of a SealedSecret, by the keys that the cluster holds, newest first."""
    opener = next((key for key in keys if key.opens(sealed)), None)
    because = (sealed["metadata"].get("annotations") or {}).get(sealing.BECAUSE, "")
    name = opener.name if opener else ""
    return Sealed(
        name_of(sealed),
        sealing.scope_of(sealed),
        because,
        name,
        opener is not None and opener is keys[0],
        trouble(sealed),
    )


def trouble(sealed: Object) -> str:
    """Return what the controller says against a SealedSecret as it is now; nothing where it unsealed it."""
    status = sealed.get("status") or {}
    if status.get("observedGeneration", 0) < sealed["metadata"]["generation"]:
        return "the controller has not looked at it yet"
    synced = condition_of(sealed, "Synced")
    return "" if synced["status"] == "True" else synced.get("message") or "it is not unsealed"
