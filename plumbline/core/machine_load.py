"""What this machine is busy with: the share of its processors, memory and disk that are in use; Linux only, elsewhere nothing is known."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plumbline.core import events

COMPONENT, SAMPLE = "machine", "sample"
_EVERY_S = 0.5
_PROC = Path("/proc")
_IDLE = (3, 4)  # columns of /proc/stat: idle, and waiting for a disk (https://docs.kernel.org/filesystems/proc.html)
_GUESTS = 8  # from here on, times that are counted in earlier columns already


@dataclass(frozen=True)
class CpuTime:
    """Time of all processors since the start of the machine, in the kernel's ticks."""

    busy: int
    total: int

    @classmethod
    def now(cls, proc: Path = _PROC) -> CpuTime:
        """Read it from the kernel."""
        return cls.parse((proc / "stat").read_text())

    @classmethod
    def parse(cls, stat: str) -> CpuTime:
        """Return the time that the first line of /proc/stat tells."""
        ticks = [int(word) for word in stat.partition("\n")[0].split()[1:]][:_GUESTS]
        return cls(sum(ticks) - sum(ticks[column] for column in _IDLE), sum(ticks))

    def share_since(self, before: CpuTime) -> float:
        """Return the busy share of the time since ``before``, 0 to 1."""
        passed = self.total - before.total
        return (self.busy - before.busy) / passed if passed else 0.0


def memory_used(proc: Path = _PROC) -> int:
    """Return the bytes of memory that are not available for new programs."""
    lines = (line.split() for line in (proc / "meminfo").read_text().splitlines())
    kib = {words[0].rstrip(":"): int(words[1]) for words in lines}
    return 1024 * (kib["MemTotal"] - kib["MemAvailable"])


def disk_used(folder: Path) -> int:
    """Return the bytes in use on a folder's file system."""
    return shutil.disk_usage(folder).used


@contextmanager
def sampled(every_s: float = _EVERY_S) -> Iterator[None]:
    """Put the share of busy processor time on the event stream while the block runs, every ``every_s`` seconds."""
    if not (_PROC / "stat").exists():
        yield
        return
    stop = threading.Event()

    def sample() -> None:
        before = CpuTime.now()
        ended = False
        while not ended:
            ended = stop.wait(every_s)
            now = CpuTime.now()
            events.emit(COMPONENT, SAMPLE, busy=round(now.share_since(before), 3))
            before = now

    thread = threading.Thread(target=sample, name="machine", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
