"""The judge of a fault: the controls' own tests, in a pytest of its own, read from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from plumbline.core import state
from plumbline.core.config import Config
from plumbline.core.errors import PlumblineError
from plumbline.core.report_files import RESULTS
from plumbline.faults.pytests import Pytest, afresh

SUITES, CONFORMANCE = "suites", "local"
_WITHIN_S = 900.0
_JUDGED = (0, 1)  # pytest's exit codes after all tests were run: all passed, or some failed
_QUIETLY = ("-q", "-n0", "--disable-warnings", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


class JudgeFailed(PlumblineError):
    """The tests that should judge a fault did not run."""

    exit_code = 1

    def __init__(self, controls: Sequence[str], said: str) -> None:
        """Keep which controls were to be judged, and the last that pytest said."""
        self.controls, self.said = tuple(controls), said
        super().__init__(f"the tests of {', '.join(controls)} gave no result: {said}")


@dataclass(frozen=True)
class TestResult:
    """What the runner needs to know of a test.

    Attributes:
        id: its id.
        controls: what it proves.
        outcome: passed, failed, error or skipped.
        phase: where it went wrong, empty where it did not.
        kind: assertion, timeout, error or "not tried"; empty likewise.
        message: what it said, without the traceback (which quotes the test's own code).
    """

    __test__ = False  # pytest would collect it for its name

    id: str
    controls: tuple[str, ...]
    outcome: str
    phase: str = ""
    kind: str = ""
    message: str = ""

    @property
    def red(self) -> bool:
        """Whether it did not end well."""
        return self.outcome in ("failed", "error")

    @property
    def by_assertion(self) -> bool:
        """Whether it is red because the claim does not hold, and for nothing else."""
        return self.phase == "call" and self.kind == "assertion"


@dataclass(frozen=True)
class Judgement:
    """The tests of one pytest run."""

    tests: tuple[TestResult, ...]

    def of(self, control: str) -> tuple[TestResult, ...]:
        """Return a control's own tests."""
        return tuple(test for test in self.tests if control in test.controls)

    def red(self, control: str) -> tuple[TestResult, ...]:
        """Return those that did not end well."""
        return tuple(test for test in self.of(control) if test.red)

    def green(self, control: str) -> bool:
        """Return whether the control is proved: a test passed, and none is red."""
        return any(test.outcome == "passed" for test in self.of(control)) and not self.red(control)


@dataclass(frozen=True)
class Enough:
    """A failure after which no more of a control's tests need to be run.

    Attributes:
        control: whose.
        words: what its own assertion must name.
    """

    control: str
    words: tuple[str, ...]


class Judge(Protocol):
    """Tries controls and says what came of it."""

    def __call__(
        self, controls: Sequence[str], *, label: str, tests: Sequence[str] = (), enough: Enough | None = None
    ) -> Judgement:
        """Run the tests of ``controls``, or those ``tests`` of them, until there is ``enough``.

        ``label`` names the occasion in the evidence.
        """


@dataclass(frozen=True)
class PytestJudge:
    """Runs the tests of controls against the stack as it stands.

    Attributes:
        root: the checkout (or the copy) whose tests are run.
        evidence: folder below which each run leaves its report.
        config: what the stack was brought up with.
        suites: where the tests are; those that need no stack are in suites/prod.
        pytest: how a pytest is started.
    """

    root: Path
    evidence: Path
    config: Config
    suites: str = SUITES
    pytest: Pytest = afresh

    def __call__(
        self, controls: Sequence[str], *, label: str, tests: Sequence[str] = (), enough: Enough | None = None
    ) -> Judgement:
        """Run the tests of ``controls``, or those ``tests`` of them, until there is ``enough``.

        Raises:
            JudgeFailed: no result came out of it.
        """
        folder = self.evidence / label
        (folder / RESULTS).unlink(missing_ok=True)  # of an earlier try with this label
        argv = [*_QUIETLY, "--as-is", f"--report-dir={folder}"]
        argv += [f"--{key.replace('_', '-')}={value}" for key, value in self.config.chosen().items()]
        argv += [f"--control={control}" for control in controls]
        argv += [f"--enough={enough.control}={word}" for word in enough.words] if enough else []
        said = self.pytest([*argv, *(tests or self._files(controls))], self.root, within_s=_WITHIN_S)
        results = state.read_json(folder / RESULTS)
        if results is None or results["exit_code"] not in _JUDGED:
            raise JudgeFailed(controls, "\n  ".join(said.strip().splitlines()[-16:]))
        return read(results)

    def _files(self, controls: Sequence[str]) -> list[str]:
        """Return the files whose tests name the controls: to collect all others would take longer than most of these tests.

        What the conformance run proves is judged by it alone: longer proofs of the same control take minutes.
        """
        files = sorted((self.root / self.suites).rglob("test_*.py"))
        chosen: set[Path] = set()
        for control in controls:
            named = [file for file in files if f'"{control}"' in file.read_text()]
            chosen.update([file for file in named if file.parent.name == CONFORMANCE] or named)
        return [str(file.relative_to(self.root)) for file in sorted(chosen)] or [self.suites]


def read(results: Mapping[str, Any]) -> Judgement:
    """Return the judgement in a results.json."""
    return Judgement(tuple(_test(test) for test in results["tests"]))


def _test(plain: Mapping[str, Any]) -> TestResult:
    failure = plain["failure"] or {}
    kept = {key: failure.get(key, "") for key in ("phase", "kind", "message")}
    return TestResult(plain["id"], tuple(plain["controls"]), plain["outcome"], **kept)
