"""The wish to end: from a signal, or from a part of the driver.

A pipe and no lock: a signal may reach any thread, and only a thread that reads is sure to be woken by what the signal's
handler writes (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).
"""

import os
import signal


class Stop:
    """Wished for once or several times, waited for by the main thread."""

    def __init__(self) -> None:
        """Nothing is wished for yet."""
        self._waiting, self._wished = os.pipe()
        os.set_blocking(self._wished, False)

    def on(self, *signals: signal.Signals) -> None:
        """Take these signals as the wish to end; only the main thread may call this."""
        for number in signals:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._wished, warn_on_full_buffer=False)

    def wish(self) -> None:
        """End, please."""
        os.write(self._wished, b"!")

    def wait(self) -> None:
        """Wait for the wish."""
        os.read(self._waiting, 1)
