"""Faults of recovery: a part that is killed and does not come back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.faults.again import again_and_again
from plumbline.faults.injuries import freeze_when_restarted
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.stack import Stack


@fault("part-hangs-at-start", breaks="OPS-004", injured="geth-0", green=("EXE-001", "EXE-002"), within_s=180)
def part_hangs_at_start(stack: Stack) -> Iterator[None]:
    """A producer that is killed comes back and hangs (SIGSTOP): the process is there, and does nothing."""
    with freeze_when_restarted(stack, "geth-0", "geth") as freeze, again_and_again(freeze, every_s=0.3):
        yield
