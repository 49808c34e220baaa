"""Which block was seen for which slot: two for one slot is an equivocation, one that was replaced is a rewritten past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sightings:
    """Roots of the blocks that were seen for each slot; an empty slot has none."""

    by_slot: Mapping[int, frozenset[str]]

    def __or__(self, other: Sightings) -> Sightings:
        """Put together what was seen at several moments."""
        slots = sorted({*self.by_slot, *other.by_slot})
        none: frozenset[str] = frozenset()
        return Sightings({slot: self.by_slot.get(slot, none) | other.by_slot.get(slot, none) for slot in slots})

    @property
    def equivocations(self) -> dict[int, frozenset[str]]:
        """The slots for which two different blocks were seen."""
        return {slot: roots for slot, roots in self.by_slot.items() if len(roots) > 1}

    def lost_in(self, later: Sightings) -> list[int]:
        """Return the slots that had a block here, and are looked at but empty in a later view."""
        return [slot for slot, roots in self.by_slot.items() if roots and later.by_slot.get(slot) == frozenset()]

    def timeline(self) -> str:
        """Show each slot with its blocks."""
        return "\n".join(
            f"slot {slot}: {', '.join(sorted(roots)) or '(empty)'}" for slot, roots in sorted(self.by_slot.items())
        )
