"""Up and down again, many times in a row: none fails, and the machine is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plumbline.bench.commands import Commands, Ended
from plumbline.bench.figures import table
from plumbline.bench.leftovers import Place
from plumbline.components.node.belongings import Belonging
from plumbline.core import machine_load

# One node container that stayed would hold more than 1 GB of each. Below that, event streams and logs of the engine grow with
# every run, and the kernel and the engine give memory back when they need it, not when it is free.
DISK_BYTES = 300 * 10**6
MEMORY_BYTES = 500 * 10**6


@dataclass(frozen=True)
class Use:
    """What of this machine is in use, in bytes."""

    disk: int
    memory: int

    @classmethod
    def now(cls, engine_data: Path) -> Use:
        """Look, where the engine keeps its data."""
        return cls(machine_load.disk_used(engine_data), machine_load.memory_used())


@dataclass(frozen=True)
class Cycle:
    """One bring-up and destroy.

    Attributes:
        up: how bringing up ended.
        down: how destroying ended.
        before: what was in use before the first cycle.
        after: what is in use after this one.
        left: what is on the machine that was not there before.
    """

    up: Ended
    down: Ended
    before: Use
    after: Use
    left: frozenset[Belonging]

    @property
    def disk_grown(self) -> int:
        """Bytes of disk that did not come back."""
        return self.after.disk - self.before.disk

    @property
    def memory_grown(self) -> int:
        """Bytes of memory that did not come back."""
        return self.after.memory - self.before.memory

    @property
    def green(self) -> bool:
        """Whether all was as it should be."""
        returned = self.disk_grown <= DISK_BYTES and self.memory_grown <= MEMORY_BYTES
        return self.up.ok and self.down.ok and returned and not self.left

    def troubles(self) -> Iterator[str]:
        """Say what was not as it should be."""
        for command, ended in (("up", self.up), ("down", self.down)):
            if not ended.ok:
                yield f"plumbline {command} ended with {ended.code}: {ended.said}"
        for what, grown, bound in (("disk", self.disk_grown, DISK_BYTES), ("memory", self.memory_grown, MEMORY_BYTES)):
            if grown > bound:
                yield f"{mb(grown)} of {what} did not come back; at most {mb(bound)} may stay"
        if self.left:
            yield f"left behind: {', '.join(sorted(map(str, self.left)))}"


def measure(commands: Commands, place: Place, use: Callable[[], Use], count: int) -> Iterator[Cycle]:
    """Bring up and destroy again and again, and yield each cycle; the first, which fills caches, is not counted."""
    commands.run("down")
    for command in ("up", "down"):
        commands.run(command)
    before, occupied = use(), place.occupied()
    for _ in range(count):
        up, down = commands.run("up"), commands.run("down")
        left = place.left_since(occupied)
        occupied |= left  # each is told once, of the cycle that left it
        yield Cycle(up, down, before, use(), left)


def lines(done: Sequence[Cycle]) -> Iterator[str]:
    """Yield the table, the troubles, and the score."""
    header = ("#", "up", "down", "disk", "memory", "left")
    yield from table(header, [_row(number, one) for number, one in enumerate(done, 1)])
    for number, one in enumerate(done, 1):
        yield from (f"{number}: {trouble}" for trouble in one.troubles())
    yield f"{sum(one.green for one in done)} of {len(done)} cycles left the machine as it was; disk and memory: against the start"


def _row(number: int, one: Cycle) -> tuple[str, ...]:
    ends = (f"{ended.seconds:.1f} s" if ended.ok else f"exit {ended.code}" for ended in (one.up, one.down))
    return (str(number), *ends, f"{mb(one.disk_grown, '+')}", f"{mb(one.memory_grown, '+')}", str(len(one.left)))


def mb(size: int, sign: str = "") -> str:
    """Return bytes as megabytes, with a sign where one is asked for."""
    return f"{size / 1e6:{sign}.0f} MB"
