"""Commands as people type them, each a process of its own: run to the end, or interrupted at a moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from plumbline.core import shell
from plumbline.core.errors import ControlFailed

_ENDS_WITHIN_S = 60.0  # of an interrupted command: what it started ends with it
_RUNS_WITHIN_S = 600.0


class StillRunning(ControlFailed):
    """A command was told to end, and did not."""

    def __init__(self, command: str, sign: signal.Signals) -> None:
        """Keep the command and the signal."""
        self.command, self.sign = command, sign
        text = f"plumbline {command} still runs {_ENDS_WITHIN_S:.0f} s after {sign.name}"
        super().__init__(f"{text}: see the end of its event stream for what it waits for")


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; that of a signal is negative.
        seconds: how long it ran.
        said: the end of what it said.
        interrupted_at: the time of day at which it was sent a signal; None where it had ended before.
        pid: its process id.
    """

    code: int
    seconds: float
    said: str
    interrupted_at: datetime | None = None
    pid: int = 0

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0


@dataclass(frozen=True)
class Commands:
    """``plumbline`` in a checkout.

    Attributes:
        root: the checkout.
        options: the options that say which stack is meant.
        environment: what is added to the environment.
    """

    root: Path
    options: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, command: str) -> Ended:
        """Run a command to its end."""
        ended = shell.run(
            self._argv(command), within_s=_RUNS_WITHIN_S, env=self.environment, cwd=self.root, check=False
        )
        return Ended(ended.code, ended.seconds, shell.gist(ended.stderr))

    def interrupt(self, command: str, after_s: float, sign: signal.Signals) -> Ended:
        """Run a command, send it a signal after some time, and return how it ended.

        Raises:
            StillRunning: it does not end, and is killed.
        """
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # what a shell starts in the background ignores it, and passes that on
        start, at = time.monotonic(), None
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                self._argv(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **self.environment},
                cwd=self.root,
            )
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(after_s)
                if process.poll() is None:
                    at = datetime.now(UTC)
                    process.send_signal(sign)
                process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                raise StillRunning(command, sign) from None
            finally:
                process.kill()
            errors.seek(0)
            said = shell.gist(errors.read().decode(errors="replace"))
        return Ended(process.returncode, time.monotonic() - start, said, at, process.pid)

    def _argv(self, command: str) -> list[str]:
        return [sys.executable, "-m", "plumbline", command, *self.options]
