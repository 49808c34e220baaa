from __future__ import annotations

import threading

from plumbline.core.errors import PlumblineError
from plumbline.faults.injuries.again import again_and_again


def test_an_injury_is_done_at_once_and_again_until_the_end() -> None:
    times, thrice = [0], threading.Event()

    def injure() -> None:
        times[0] += 1
        if times[0] == 2:
            raise PlumblineError("it is down just now")
        if times[0] == 3:
            thrice.set()

    with again_and_again(injure, every_s=0.01):
        assert times[0] >= 1
        assert thrice.wait(5)
    done = times[0]

    assert not threading.Event().wait(0.05)
    assert times[0] == done
