"""Programs that we start: each with a deadline, and with its own words in the error when it fails."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plumbline.core.errors import PlumblineError, ToolMissing

_TAIL_LINES = 12


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
        said = (result.stderr.strip() or result.stdout.strip()).splitlines()[-_TAIL_LINES:]
        super().__init__(f"{shlex.join(result.argv)}: exit code {result.code}: " + "\n  ".join(said or ["(it said nothing)"]))


class CommandTimeout(PlumblineError):
    """A program was still running at its deadline, and was ended."""

    def __init__(self, argv: Sequence[str], within_s: float, said: str) -> None:
        """Keep the command, its deadline in seconds, and the last lines that it said."""
        self.argv, self.within_s = tuple(argv), within_s
        super().__init__(f"{shlex.join(argv)}: still running after {within_s:.0f} s, ended; last said: {said or '(nothing)'}")


def run(
    argv: Sequence[str | Path],
    *,
    within_s: float,
    input: str | bytes | None = None,  # noqa: A002  (subprocess' own name for it)
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    check: bool = True,
) -> Result:
    """Run a program to its end and return what it left.

    Args:
        argv: program and arguments; no shell is involved.
        within_s: deadline in seconds; the program and its children are ended then.
        input: what it reads on standard input.
        env: added to our own environment.
        cwd: its working directory.
        check: whether an exit code other than 0 is an error.

    Raises:
        ToolMissing: the program does not exist.
        CommandFailed: it ended with another exit code than 0, and ``check`` is set.
        CommandTimeout: it did not end in time.
    """
    words = tuple(str(word) for word in argv)
    data = input.encode() if isinstance(input, str) else input
    start = time.monotonic()
    process = _start(words, env, cwd, stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL)
    try:
        out, err = process.communicate(data, timeout=within_s)
    except subprocess.TimeoutExpired:
        _end(process)
        out, err = process.communicate()
        raise CommandTimeout(words, within_s, _last(err or out)) from None
    except BaseException:
        _end(process)
        raise
    result = Result(words, process.returncode, _text(out), _text(err), time.monotonic() - start)
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
    if expired.is_set():
        raise CommandTimeout(words, within_s, "\n".join(list(lines)[-_TAIL_LINES:]))
    result = Result(words, process.returncode, "\n".join(lines), "", time.monotonic() - start)
    if check and not result.ok:
        raise CommandFailed(result)
    return result


def _start(
    argv: tuple[str, ...], env: Mapping[str, str] | None, cwd: Path | None, *, stdin: int, merge: bool = False
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,  # so that children of the program end with it, and a Ctrl-C reaches us first
        )
    except FileNotFoundError:
        if cwd is not None and not cwd.is_dir():
            raise
        raise ToolMissing(argv[0], 'run "make env" for our own tools, or install it') from None


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
