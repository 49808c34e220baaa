"""Injuries that heal at the next slot by themselves, done again and again while a fault acts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from plumbline.core import events
from plumbline.core.errors import PlumblineError


@contextmanager
def again_and_again(injure: Callable[[], None], *, every_s: float) -> Iterator[None]:
    """Do something now, and every ``every_s`` seconds until the block ends.

    Nothing is to be cured where this process dies: what is done must wear off by itself.
    """
    injure()
    enough = threading.Event()

    def go_on() -> None:
        while not enough.wait(every_s):
            try:
                injure()
            except (PlumblineError, OSError, ValueError, LookupError, StopIteration) as error:  # it is down just now
                events.emit("faults", "again", error=str(error))

    thread = threading.Thread(target=go_on, name="fault", daemon=True)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(10)
