"""What the drills of a checkout cost, one after the other: the history of recovery points and recovery times."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from plumbline.components.recovery.drill import Drill
from plumbline.core import state

_KEPT = 200


@dataclass(frozen=True)
class Cost:
    """What one drill cost.

    Attributes:
        at: when it was (seconds since the Unix epoch).
        mode: in what state the volume was copied.
        rto_s: until clients were served by the new node, in seconds.
        rpo_blocks: blocks that the copy lacked.
        rpo_s: the same in seconds of the chain.
        lost: requests that were lost.
        phases: seconds of each phase, by its name.
    """

    at: float
    mode: str
    rto_s: float
    rpo_blocks: int
    rpo_s: float
    lost: int
    phases: dict[str, float]

    @classmethod
    def of(cls, drill: Drill) -> Cost | None:
        """Return what a drill cost, or None where nobody took over."""
        if drill.restored is None:
            return None
        phases = {phase.name: round(phase.seconds, 2) for phase in drill.phases}
        lacked, lost_s = drill.restored.lost_blocks, drill.restored.lost_s
        return cls(time.time(), drill.mode.value, round(drill.rto_s, 2), lacked, lost_s, len(drill.tally.lost), phases)


def add(file: Path, cost: Cost) -> None:
    """Keep the cost of one more drill in a file."""
    state.append_json(file, asdict(cost), kept=_KEPT)


def of(file: Path, mode: str) -> list[Cost]:
    """Return the costs of the drills of a mode that a file keeps, the latest last."""
    return [Cost(**entry) for entry in state.read_json(file) or [] if entry["mode"] == mode]
