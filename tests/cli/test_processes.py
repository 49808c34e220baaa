"""The commands as processes: exit codes that a script sees, and what is left of them when they are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Tells its process id and that it runs, and stays.
STAYS = "import os, signal; open({0!r}, 'w').write(str(os.getpid()) + '\\n'); signal.pause()"
TWO_STEPS = """
import signal, sys
from plumbline import cli, dag
from plumbline.core import shell
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs do not get it otherwise
steps = {n: dag.Step(n, (), lambda _: shell.run(sys.argv[1:], within_s=60) and None) for n in ("one", "two")}
cli._doctor = lambda _: dag.run(steps, lambda step, cancelled: step.act(cancelled)) or 0
sys.exit(cli.main(["doctor"]))
"""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--netwrok", "devnet"], "unrecognized arguments: --netwrok"),
        (["--network", "goerli"], 'network = "goerli" is not possible; choose one of devnet, sepolia, mainnet'),
    ],
)
def test_pytest_refuses_what_it_does_not_know(options: list[str], says: str) -> None:
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "suites/local", *options]
    ended = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)

    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert ended.stderr.count(says) == 1
    assert "Traceback" not in ended.stderr


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def running(pipe: Path, count: int) -> list[int]:
    """Return the ids of the programs that have told that they run."""
    with os.fdopen(os.open(pipe, os.O_RDWR)) as told:  # as a writer too: it does not end between two others
        return [int(told.readline()) for _ in range(count)]


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_ends_what_it_started(sign: signal.Signals, code: int, tmp_path: Path) -> None:
    pipe = fifo(tmp_path / "told")
    argv = [sys.executable, "-c", TWO_STEPS, sys.executable, "-c", STAYS.format(str(pipe))]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        started = [os.pidfd_open(pid) for pid in running(pipe, 2)]
        process.send_signal(sign)
        _, said = process.communicate(timeout=10)

    assert process.returncode == code
    assert said == "plumbline: interrupted; run the same command again to go on\n"
    for program in started:
        assert _ends(program)


def test_a_killed_command_takes_what_it_started_with_it(tmp_path: Path) -> None:
    pipe = fifo(tmp_path / "told")
    code = "import sys; from plumbline.core import shell; shell.run(sys.argv[1:], within_s=60)"
    argv = [sys.executable, "-c", code, sys.executable, "-c", STAYS.format(str(pipe))]
    with subprocess.Popen(argv, cwd=ROOT) as process:
        (pid,) = running(pipe, 1)
        program = os.pidfd_open(pid)
        process.kill()

    assert _ends(program)


def _ends(process: int) -> Any:
    """Return whether a process ends, given its descriptor."""
    import select

    poller = select.poll()
    poller.register(process, select.POLLIN)
    return poller.poll(5000)
