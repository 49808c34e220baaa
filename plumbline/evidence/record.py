"""What each test did in earlier runs: by it a flaky test is found, and one that takes longer than it used to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from plumbline.core import state
from plumbline.history import compared

FILE = "tests.json"  # of the state of a checkout
_KEPT = 30
_GREEN, _RED = frozenset({"passed"}), frozenset({"failed", "error"})


@dataclass(frozen=True)
class Trial:
    """One test in one run.

    Attributes:
        outcome: passed, failed, error or skipped.
        seconds: how long it took by itself.
    """

    outcome: str
    seconds: float


@dataclass(frozen=True)
class Entry:
    """One run.

    Attributes:
        run: its name.
        commit: what was tested, with "-dirty" where the checkout had changes.
        tests: its tests, by their id.
    """

    run: str
    commit: str
    tests: Mapping[str, Trial]


def read(file: Path) -> list[Entry]:
    """Return the runs that a file keeps, the latest last."""
    return [
        Entry(kept["run"], kept["commit"], {test: Trial(**trial) for test, trial in kept["tests"].items()})
        for kept in state.read_json(file) or []
    ]


def add(file: Path, entry: Entry) -> None:
    """Keep one more run; the oldest go."""
    state.write_json(file, [asdict(kept) for kept in [*read(file), entry][-_KEPT:]])


def remarks(earlier: list[Entry], latest: Entry) -> Iterator[str]:
    """Yield what the record tells of the tests of a run, a sentence each."""
    for test, trial in latest.tests.items():
        before = [entry.tests[test] for entry in earlier if test in entry.tests]
        if flaky := _flaky(test, [*earlier, latest]):
            yield flaky
        if trial.outcome in _GREEN:
            slower = compared(test, trial.seconds, [one.seconds for one in before if one.outcome in _GREEN])
            if slower is not None:
                yield str(slower)


def _flaky(test: str, entries: list[Entry]) -> str:
    """Say it where a test was green and red on one and the same commit; nothing can be said of a checkout with changes."""
    commit = entries[-1].commit
    if commit == "unknown" or commit.endswith("-dirty"):
        return ""
    tried = [entry.tests[test].outcome for entry in entries if entry.commit == commit and test in entry.tests]
    red = sum(outcome in _RED for outcome in tried)
    if not (red and any(outcome in _GREEN for outcome in tried)):
        return ""
    return f"{test} is flaky: red in {red} of {len(tried)} runs of commit {commit[:12]}"
