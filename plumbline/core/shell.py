"""Programs that we start: each with a deadline, and with its own words in the error when it fails."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from plumbline.core.errors import PlumblineError, ToolMissing

_TAIL_LINES = 12
_GIST_CHARACTERS = 600
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ERROR = re.compile(r"^(E|err(or)?|fatal|panic)\b ?(:|\[)", re.IGNORECASE)

# Programs that are running, and the thread that waits for each.
_running: dict[subprocess.Popen[bytes], int] = {}


@dataclass(frozen=True)
class Result:
    """What a finished program left: exit code, both streams as text, and wall time in seconds."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.code == 0


class CommandFailed(PlumblineError):
    """A program ended with an exit code other than 0."""

    def __init__(self, result: Result) -> None:
        """Keep the whole result; the message carries the last lines that the program said."""
        self.result = result
        said = gist(result.stderr) or gist(result.stdout) or "(it said nothing)"
        super().__init__(f"{shlex.join(result.argv)}: exit code {result.code}: {said}")


class CommandTimeout(PlumblineError):
    """A program was still running at its deadline, and was ended."""

    def __init__(self, argv: Sequence[str], within_s: float, said: str) -> None:
        """Keep the command, its deadline in seconds, and the last lines that it said."""
        self.argv, self.within_s = tuple(argv), within_s
        last = gist(said) or "(nothing)"
        super().__init__(f"{shlex.join(argv)}: still running after {within_s:.0f} s, ended; last said: {last}")


def gist(said: str) -> str:
    """Return the end of what a program said as one line: from its last error on, where it names one."""
    lines = [line.strip() for line in _TERMINAL_CODES.sub("", said).splitlines() if line.strip()][-_TAIL_LINES:]
    errors = [number for number, line in enumerate(lines) if _ERROR.match(line)]
    text = " | ".join(lines[errors[-1] :] if errors else lines)
    return text if len(text) <= _GIST_CHARACTERS else f"{text[:_GIST_CHARACTERS]} …"


def end_all_others() -> None:
    """End what other threads of this process have started: somebody wants to have the terminal back."""
    for process, thread in list(_running.items()):
        if thread != threading.get_ident():
            _end(process)


def run(
    argv: Sequence[str | Path],
    *,
    within_s: float,
    input: str | bytes | Path | None = None,  # noqa: A002  (subprocess' own name for it)
    into: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> Result:
    """Run a program to its end and return what it left.

    Args:
        argv: program and arguments; no shell is involved.
        within_s: deadline in seconds; the program and its children are ended then.
        input: what it reads on standard input, or the file that holds it.
        into: the file that takes what it prints, which may be too much to hold in memory; ``stdout`` is then empty.
        env: added to our own environment.
        cwd: its working directory.
        check: whether an exit code other than 0 is an error.

    Raises:
        ToolMissing: the program does not exist.
        CommandFailed: it ended with another exit code than 0, and ``check`` is set.
        CommandTimeout: it did not end in time.
    """
    words = tuple(str(word) for word in argv)
    data = input.encode() if isinstance(input, str) else input if isinstance(input, bytes) else None
    start = time.monotonic()
    with ExitStack() as files:
        read = files.enter_context(input.open("rb")) if isinstance(input, Path) else subprocess.DEVNULL
        written = files.enter_context(into.open("wb")) if into is not None else subprocess.PIPE
        process = _start(words, env, cwd, stdin=read if data is None else subprocess.PIPE, stdout=written)
    try:
        out, err = process.communicate(data, timeout=within_s)
    except subprocess.TimeoutExpired:
        _end(process)
        out, err = process.communicate()
        raise CommandTimeout(words, within_s, _last(err or out or b"")) from None
    except BaseException:
        _end(process)
        raise
    finally:
        _running.pop(process, None)
    result = Result(words, process.returncode, _text(out or b""), _text(err), time.monotonic() - start)
    if check and not result.ok:
        raise CommandFailed(result)
    return result


def stream(
    argv: Sequence[str | Path],
    *,
    within_s: float,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> Result:
    """Run a program to its end, handing over each line of both its streams as it comes.

    Arguments and errors are those of :func:`run`; the returned ``stdout`` holds both streams.
    """
    words = tuple(str(word) for word in argv)
    start = time.monotonic()
    process = _start(words, env, cwd, stdin=subprocess.DEVNULL, merge=True)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        _end(process)

    timer = threading.Timer(within_s, expire)
    timer.start()
    lines: deque[str] = deque(maxlen=2000)
    try:
        assert process.stdout is not None
        for raw in process.stdout:
            line = _text(raw).rstrip("\n")
            lines.append(line)
            on_line(line)
        process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        timer.cancel()
        _running.pop(process, None)
    if expired.is_set():
        raise CommandTimeout(words, within_s, "\n".join(list(lines)[-_TAIL_LINES:]))
    result = Result(words, process.returncode, "\n".join(lines), "", time.monotonic() - start)
    if check and not result.ok:
        raise CommandFailed(result)
    return result


def _start(
    argv: tuple[str, ...],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    *,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes] = subprocess.PIPE,
    merge: bool = False,
) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **(env or {})}
    if shutil.which(argv[0], path=environment.get("PATH", os.defpath)) is None:
        raise ToolMissing(argv[0], 'run "make env" for our own tools, or install it')
    process = subprocess.Popen(
        [*bound_to_us(), *argv],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT if merge else subprocess.PIPE,
        env=environment,
        cwd=cwd,
        start_new_session=True,  # so that children of the program end with it, and a Ctrl-C reaches us first
    )
    _running[process] = threading.get_ident()
    return process


@cache
def bound_to_us() -> tuple[str, ...]:
    """Return what lets a program end with us when we are killed: an orphan would go on changing what the next run repairs."""
    return (setpriv, "--pdeathsig", "TERM") if (setpriv := shutil.which("setpriv")) else ()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and its children: politely, then for good."""
    for sign, patience_s in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            continue
        return


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _last(raw: bytes) -> str:
    return "\n".join(_text(raw).strip().splitlines()[-_TAIL_LINES:])
