"""Repeats: what did not say the same each time is named, with its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from plumbline.bench import repeats
from plumbline.bench.cycles import Use
from plumbline.bench.repeats import Repeat
from plumbline.core import shell, state

USE = Use(disk=10**10, memory=10**9)
GREEN = {"a": "passed", "b": "skipped"}


def test_each_run_is_read_from_its_own_report(tmp_path: Path) -> None:
    outcomes: Iterator[Mapping[str, str]] = iter([GREEN, {"a": "failed", "b": "skipped"}])

    def run(report: Path) -> shell.Result:
        tests = [{"id": test, "outcome": outcome} for test, outcome in next(outcomes).items()]
        state.write_json(report / "results.json", {"tests": tests})
        return shell.Result(("pytest",), 0, "", "", 300.0)

    done = list(repeats.measure(run, tmp_path, lambda: USE, 2))

    assert [one.red for one in done] == [[], ["a"]]
    assert list(repeats.troubles(done)) == ["a: red in 1 of 2 runs (2)"]
    assert list(repeats.lines(done))[-1] == "1 of 2 runs were green; disk and memory: against the first run"


def test_a_run_that_says_nothing_is_red(tmp_path: Path) -> None:
    died = shell.Result(("pytest",), -9, "", "Killed", 3.0)

    (one,) = repeats.measure(lambda _: died, tmp_path, lambda: USE, 1)

    assert list(repeats.troubles([one])) == ["run 1 gave no result: Killed"]
    assert list(repeats.lines([one]))[-1].startswith("0 of 1 runs were green")


@pytest.mark.parametrize(
    ("later", "trouble"),
    [
        (Use(USE.disk + 10**9, USE.memory), "1000 MB more disk in use than after the first run; at most 300 MB may be"),
        (
            Use(USE.disk, USE.memory + 10**9),
            "1000 MB more memory in use than after the first run; at most 500 MB may be",
        ),
    ],
)
def test_growth_is_a_trouble(later: Use, trouble: str) -> None:
    assert list(repeats.troubles([Repeat(300, GREEN, "", USE), Repeat(300, GREEN, "", later)])) == [trouble]
