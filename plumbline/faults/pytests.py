"""Pytests of their own, each in a process of its own: started afresh, or from one that has loaded beforehand what all need."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from plumbline.core import shell
from plumbline.core.errors import PlumblineError

# What the suites load before their first test: four seconds of processor time, a hundred times over in a run of all faults.
_LOADED = ("pytest", "allure_pytest.plugin", "httpx", "kubernetes.client", "plumbline.stack", "testinfra", "web3")
_ENDED_WITHIN_S = 5.0


class StillRunning(PlumblineError):
    """A pytest was still at work at its deadline, and was ended."""

    def __init__(self, arguments: Sequence[str], within_s: float) -> None:
        """Keep the arguments and the deadline in seconds."""
        self.arguments, self.within_s = tuple(arguments), within_s
        super().__init__(f"pytest {' '.join(arguments)}: still running after {within_s:.0f} s, ended")


class Pytest(Protocol):
    """Runs pytest."""

    def __call__(self, arguments: Sequence[str], root: Path, *, within_s: float) -> str:
        """Run it in a folder with a deadline in seconds, and return all that it said; its exit code is in its report."""


def afresh(arguments: Sequence[str], root: Path, *, within_s: float) -> str:
    """Run pytest in a new interpreter: what it imports is what ``root`` has, a copy of the checkout for instance."""
    ended = shell.run([sys.executable, "-m", "pytest", *arguments], within_s=within_s, cwd=root, check=False)
    return ended.stdout + ended.stderr


class Forked:
    """Runs each pytest in a fork of one process, which has loaded the modules of this checkout once."""

    def __init__(self, modules: Sequence[str] = _LOADED) -> None:
        """Say which modules are to be loaded; it happens with the first run."""
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(modules))

    def __call__(self, arguments: Sequence[str], root: Path, *, within_s: float) -> str:
        """Run pytest in ``root``, which must be this checkout.

        Raises:
            StillRunning: it did not end in time.
        """
        with tempfile.NamedTemporaryFile(prefix="plumbline-", suffix=".log") as said:
            process = self._context.Process(target=_main, args=(tuple(arguments), root, said.name), daemon=False)
            process.start()
            process.join(within_s)
            if process.is_alive():
                process.terminate()
                process.join(_ENDED_WITHIN_S)
                process.kill()
                raise StillRunning(arguments, within_s)
            return Path(said.name).read_text(errors="replace")


def _main(arguments: Sequence[str], root: Path, said: str) -> None:
    """Be a pytest: in its folder, with its words in a file."""
    with Path(said).open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.chdir(root)
    sys.argv = ["pytest", *arguments]
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)  # the library itself knows no test framework
