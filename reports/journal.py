"""What a run has reported so far, a line for each phase of each test: all that is left of a run that is killed, and enough for its report.

``python -m reports.journal FOLDER`` writes the report of such a run; a run that comes to its end needs its journal no more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.reports import pytest_report_from_serializable  # what a hook without a run calls

from plumbline.core.report_files import ALLURE, JOURNAL
from reports import catalogue, grouping, images, writers
from reports.gathering import Gathering
from reports.model import Run
from reports.redact import scrub


class Journal:
    """The journal of the run that goes on."""

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        """Begin one in the run's folder.

        Args:
            folder: the run's.
            head: what is known of the run before its first test.
        """
        self._file = folder / JOURNAL
        self._append(head)

    def add(self, report: Mapping[str, Any]) -> None:
        """Append the report of a phase, as pytest serializes it."""
        self._append(report)

    def end(self) -> None:
        """Remove it: the whole report has been written."""
        self._file.unlink(missing_ok=True)

    def _append(self, line: Mapping[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(scrub(line), default=str) + "\n")


def recover(folder: Path) -> Run:
    """Write the report of a run that was killed, from its journal, and return it."""
    head, *lines = _lines(folder / JOURNAL)
    gathered = Gathering()
    for line in lines:
        report = pytest_report_from_serializable(line)
        if isinstance(report, pytest.TestReport):
            gathered.add(report)
    tests = gathered.tests()
    run = Run(
        name=folder.name,
        started=head["started"],
        seconds=round(sum(test.seconds + test.shared_seconds for test in tests), 1),
        exit_code=None,
        environment=head["environment"],
        images=images.read(folder),
        controls=grouping.by_control(catalogue.load(), tests, head["left_out"]),
        tests=tests,
        figures=tuple(figure for test in tests for figure in test.figures),
        resume=head["environment"].get("command", ""),
    )
    writers.write(run, folder, folder / ALLURE)
    return run


def _lines(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal; the last one may have been cut short with the run."""
    *whole, last = file.read_text().split("\n")
    lines = [json.loads(line) for line in whole]
    try:
        return [*lines, *([json.loads(last)] if last else [])]
    except json.JSONDecodeError:
        return lines


if __name__ == "__main__":
    recover(Path(sys.argv[1]))
