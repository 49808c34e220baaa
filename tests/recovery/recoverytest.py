"""A snapshot, a drill, and nodes that answer from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plumbline.components.chain.heads import Head, Watched
from plumbline.components.entrance.traffic import Request, Tally
from plumbline.components.execution import Geth
from plumbline.components.recovery.course import Course, Phase
from plumbline.components.recovery.cut import Mode
from plumbline.components.recovery.drill import Drill
from plumbline.components.recovery.restore import Restored
from plumbline.components.volumes.chain_marks import MODE, ChainMarks
from plumbline.components.volumes.snapshots import Snapshot

CHAIN_ID, GENESIS = 11155111, "0x" + "ab" * 32
MARKS = ChainMarks(CHAIN_ID, GENESIS, 100, "0x" + "cd" * 32, "Geth/v1.17.10-stable/linux-amd64/go1.26.8")


def snapshot(*, ready: bool = True, error: str = "", mode: Mode = Mode.GRACEFUL) -> Snapshot:
    now = datetime.now(UTC)
    labels = {**MARKS.labels, MODE: mode.value}
    claim = "data-geth-follower-0"
    return Snapshot("nightly", "ethereum", claim, ready, error, "content", now, now, "2Gi", labels, MARKS.annotations)


def drill(*, taken_over: bool = True, lost: int = 0, began: float = 1000.0) -> Drill:
    """A drill of 12 s: the snapshot took 2 s, the restore 9 s."""
    phases = (
        Phase("snapshot ready", began, began + 2),
        Phase("claim bound", began + 2, began + 4),
        Phase("traffic shifted", began + 4, began + 11),
    )
    asked = [Request(began + 0.1 * n, 0.01, "502" if n < lost else "") for n in range(120)]
    heads = {
        "geth-follower-0": Watched([Head(99, "0x1", began, began), Head(100, "0x2", began + 3, began + 3)], began + 12),
        "geth-restored-0": Watched([Head(97, "0x0", began, began + 5)], began + 12),
    }
    node = Geth("geth-restored-0", None)  # type: ignore[arg-type]
    restored = Restored(snapshot(), "2Gi", MARKS, node, "geth-follower-0", 97, 36.0, Course(list(phases[1:])))
    tally = Tally("api.example.com", asked)
    failure = "" if taken_over else "its state is damaged"
    return Drill(Mode.CRASH_CONSISTENT, restored if taken_over else None, failure, phases, heads, tally)


@dataclass(frozen=True)
class Answering:
    """A node that answers every question with what a table says of its method, or of that and its first parameter."""

    name: str
    said: Mapping[Any, Any] = field(default_factory=dict)

    def rpc(self, method: str, *params: Any) -> Any:
        return self.said.get((method, *params[:1]), self.said.get(method))
