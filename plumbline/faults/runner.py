"""The runner: inject a fault, demand red from its control's own test, heal, demand green."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.core import events, wait
from plumbline.core.errors import ForeignCluster, PlumblineError, UsageError
from plumbline.faults import verdict
from plumbline.faults.judge import Enough, Judge, Judgement
from plumbline.faults.registry import Fault
from plumbline.faults.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from plumbline.stack import Stack

_AGAIN_EVERY_S = 1.0  # a control that is still green under the fault is tried again
_STATE = ".plumbline"
_LEFT_BEHIND = (".git", _STATE, "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "*.egg-info")


def permit(stack: Stack) -> None:
    """Refuse to break what is not ours.

    Raises:
        UsageError: the target is an existing cluster.
        ForeignCluster: the cluster does not carry our label of ownership.
    """
    config = stack.site.config
    if config.target != "kind":
        raise UsageError(f"faults are not injected into --target {config.target}: it is only read; use --target kind")
    if not stack.cluster.standing():
        raise UsageError('there is no stack to break: bring it up first ("make all-local")')
    if not stack.cluster.owned():
        raise ForeignCluster(
            config.cluster_name,
            "does not carry the label of ownership that this checkout gave it",
            'nothing was broken; replace it ("make destroy", then bring it up again)',
        )


@dataclass(frozen=True)
class LiveRunner:
    """Breaks the living stack.

    Attributes:
        stack: what is broken; :func:`permit` was asked before.
        judge: tries the controls.
        check_before: whether the controls must prove themselves green first.
        known: controls that are green now, since nothing went wrong after they were proved.
    """

    stack: Stack
    judge: Judge
    check_before: bool = True
    known: set[str] = field(default_factory=set)

    def run(self, fault: Fault) -> Verdict:
        """Put one fault through: green, red, healed, green."""
        assert fault.inject is not None, f"{fault.name} is a static fault"
        done = self._put_through(fault, _Stopwatch(fault, time.monotonic()))
        if done.caught:
            self.known.update((fault.breaks, *fault.green))
        else:
            self.known.clear()
        return done

    def _put_through(self, fault: Fault, finished: _Stopwatch) -> Verdict:
        with events.phase("faults", fault.name, control=fault.breaks):
            try:
                unknown = [control for control in (fault.breaks, *fault.green) if control not in self.known]
                if self.check_before and unknown:
                    found = verdict.before(unknown, self._try(fault, "before", unknown))
                    if found:
                        return finished(*found)
                try:
                    seen = self._under(fault)
                except _Broken as broken:
                    return finished(broken.outcome, str(broken))
                healed = time.monotonic()
                try:
                    self.stack.steady(fault.steady_s)
                except PlumblineError as error:
                    return finished(Outcome.NOT_HEALED, str(error), seen.detect_s)
                heal_s = round(time.monotonic() - healed, 1)
                if seen.outcome is Outcome.CAUGHT and (
                    found := verdict.after(fault, self._try(fault, "after", [fault.breaks], seen.red))
                ):
                    return finished(*found, seen.detect_s, heal_s)
                return finished(seen.outcome, seen.why, seen.detect_s, heal_s)
            except PlumblineError as error:
                return finished(Outcome.NOT_JUDGED, str(error))

    def _under(self, fault: Fault) -> _Seen:
        """Inject, judge while the fault acts, heal."""
        assert fault.inject is not None
        acting = fault.inject(self.stack)
        try:
            with events.phase("faults", "inject", fault=fault.name):
                acting.__enter__()
        except Exception as error:
            raise _Broken(Outcome.NOT_INJECTED, error) from error
        start = time.monotonic()
        try:
            deadline = wait.Deadline(fault.within_s)
            judged = self._judged_under(fault)
            while (found := verdict.under(fault, judged))[0] is Outcome.GREEN_UNDER_FAULT and not deadline.passed:
                wait.pause(_AGAIN_EVERY_S, deadline)
                judged = self._judged_under(fault)
            detect_s = round(time.monotonic() - start, 1)
        finally:
            try:
                with events.phase("faults", "heal", fault=fault.name):
                    acting.__exit__(None, None, None)
            except Exception as error:
                raise _Broken(Outcome.NOT_HEALED, error) from error
        return _Seen(*found, detect_s, tuple(test.id for test in judged.red(fault.breaks)))

    def _judged_under(self, fault: Fault) -> Judgement:
        enough = Enough(fault.breaks, tuple(filter(None, (fault.check, fault.injured))))
        return self._try(fault, "under", (fault.breaks, *fault.green), enough=enough)

    def _try(
        self,
        fault: Fault,
        when: str,
        controls: Sequence[str],
        tests: Sequence[str] = (),
        enough: Enough | None = None,
    ) -> Judgement:
        with events.phase("faults", f"judge {when}", fault=fault.name):
            return self.judge(controls, label=f"{fault.name}-{when}", tests=tests, enough=enough)


@dataclass(frozen=True)
class StaticRunner:
    """Breaks a copy of the checkout.

    Attributes:
        root: the checkout.
        judge: makes a judge for a checkout or a copy of it.
        check_before: whether the controls must prove themselves green first.
    """

    root: Path
    judge: Callable[[Path], Judge]
    check_before: bool = True

    def run(self, fault: Fault) -> Verdict:
        """Put one fault through: green, then red in the altered copy."""
        assert fault.mutate is not None, f"{fault.name} is a live fault"
        start = time.monotonic()
        finished = _Stopwatch(fault, start)
        controls = (fault.breaks, *fault.green)
        with events.phase("faults", fault.name, control=fault.breaks), copy_of(self.root) as copy:
            try:
                judge = self.judge(copy)
                if self.check_before and (
                    found := verdict.before(controls, judge(controls, label=f"{fault.name}-before"))
                ):
                    return finished(*found)
                try:
                    fault.mutate(copy)
                except Exception as error:  # noqa: BLE001  (a fault's own code: whatever it does wrong is its result)
                    return finished(Outcome.NOT_INJECTED, f"{type(error).__name__}: {error}")
                injected = time.monotonic()
                found = verdict.under(fault, judge(controls, label=f"{fault.name}-under"))
                return finished(*found, round(time.monotonic() - injected, 1))
            except PlumblineError as error:
                return finished(Outcome.NOT_JUDGED, str(error))


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """Lend a copy of the checkout that may be altered."""
    with tempfile.TemporaryDirectory(prefix="plumbline-mutation-") as folder:
        copy = Path(folder) / "checkout"
        copy_to(root, copy)
        yield copy


def copy_to(root: Path, copy: Path) -> None:
    """Copy the checkout to a folder, which keeps its own state; it uses the pinned tools of the original."""
    copy.mkdir(parents=True, exist_ok=True)
    for old in [entry for entry in copy.iterdir() if entry.name != _STATE]:
        shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*_LEFT_BEHIND), symlinks=True, dirs_exist_ok=True)
    tools, lent = root / _STATE / "bin", copy / _STATE / "bin"
    lent.parent.mkdir(exist_ok=True)
    if tools.is_dir() and not lent.exists():
        lent.symlink_to(tools)


def import_path(root: Path) -> str:
    """Return the PYTHONPATH with which processes import the packages of this checkout, whichever the environment was made for."""
    find = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    return os.pathsep.join(str((root / folder).resolve()) for folder in find["where"])


@dataclass(frozen=True)
class _Seen:
    """What was seen while a fault acted.

    Attributes:
        outcome: the finding.
        why: what it rests on.
        detect_s: how long it took, in seconds.
        red: the tests of the control that were red, by their ids: those that have something to prove after the heal.
    """

    outcome: Outcome
    why: str
    detect_s: float
    red: tuple[str, ...]


class _Broken(Exception):
    """A fault's own action failed, at its beginning or at its end."""

    def __init__(self, outcome: Outcome, error: Exception) -> None:
        self.outcome = outcome
        super().__init__(f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class _Stopwatch:
    """Makes the verdict on a fault, with the seconds since its beginning."""

    fault: Fault
    start: float

    def __call__(
        self, outcome: Outcome, why: str, detect_s: float | None = None, heal_s: float | None = None
    ) -> Verdict:
        found = Verdict(self.fault, outcome, why, detect_s, heal_s)
        events.emit(
            "faults", "verdict", fault=self.fault.name, control=self.fault.breaks, outcome=outcome.value, why=why
        )
        return replace(found, seconds=round(time.monotonic() - self.start, 1))
