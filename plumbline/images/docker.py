"""The docker client, for what must happen in the engine: importing and committing the node image, and loading images into nodes."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO, cast

from plumbline.core import shell
from plumbline.core.errors import ToolMissing
from plumbline.images import engine

_WITHIN_S = 120.0


def run(*arguments: str, within_s: float = _WITHIN_S, check: bool = True) -> shell.Result:
    """Run ``docker`` against the engine that we use."""
    return shell.run(["docker", *arguments], within_s=within_s, env=engine.docker_env(), check=check)


def feed(arguments: Sequence[str], write: Callable[[IO[bytes]], object], *, within_s: float) -> str:
    """Run ``docker`` with standard input filled by ``write``, and return its output.

    Nothing is kept on disk in between: archives of hundreds of megabytes go straight into the engine.

    Raises:
        CommandFailed: it failed; its own words come before ours about a broken pipe.
        CommandTimeout: it did not end in time.
    """
    argv = ("docker", *arguments)
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **engine.docker_env()},
        )
    except FileNotFoundError:
        raise ToolMissing("docker", "install the docker client, or run make engine") from None
    said: list[bytes] = []
    stdin, stdout, stderr = (
        cast(IO[bytes], process.stdin),
        cast(IO[bytes], process.stdout),
        cast(IO[bytes], process.stderr),
    )
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(within_s, expire)
    reader = threading.Thread(target=lambda: said.append(stderr.read()))
    timer.start()
    reader.start()
    try:
        try:
            write(stdin)
            stdin.close()
        except BrokenPipeError:
            pass  # it ended early: its exit code and words say why
        out = stdout.read()
        process.wait()
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()
        reader.join()
    text = b"".join(said).decode(errors="replace")
    if expired.is_set():
        raise shell.CommandTimeout(argv, within_s, text)
    if process.returncode:
        raise shell.CommandFailed(shell.Result(argv, process.returncode, out.decode(errors="replace"), text, 0.0))
    return out.decode(errors="replace")


def has_image(ref: str) -> bool:
    """Return whether the engine has an image of that name."""
    return run("image", "inspect", "--format", "{{.Id}}", ref, check=False).ok
