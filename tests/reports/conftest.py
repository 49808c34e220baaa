"""Runs of pytest within pytest, with the report's plugin alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plumbline.core import events
from reports import evidence

ROOT = Path(__file__).resolve().parents[2]

INI = """
[pytest]
addopts = --import-mode=importlib --strict-markers --dist=loadgroup --max-worker-restart=0
  -p no:hypothesispytest -p no:pytest11.testinfra
"""


class Reported:
    """A run, and what its report says."""

    def __init__(self, result: pytest.RunResult, folder: Path) -> None:
        self.result, self.folder = result, folder
        self.results: dict[str, Any] = json.loads((folder / "results.json").read_text())

    def test(self, name: str) -> dict[str, Any]:
        (found,) = [test for test in self.results["tests"] if test["id"].endswith(f"::{name}")]
        return found

    def control(self, identity: str) -> dict[str, Any]:
        (found,) = [control for control in self.results["controls"] if control["id"] == identity]
        return found

    def allure(self, name: str) -> dict[str, Any]:
        """What Allure was told of a test."""
        told = [json.loads(file.read_text()) for file in (self.folder / "allure").glob("*-result.json")]
        (found,) = [test for test in told if test["name"] == name]
        return found


@pytest.fixture
def report(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run the source of a test file and return its report; what a run within sets globally is put back."""
    monkeypatch.setattr(events, "_current", events.current())
    monkeypatch.setattr(evidence, "_place", evidence._Place())
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "120")
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(conftest='pytest_plugins = ["reports.plugin"]')

    def run(source: str, *words: str) -> Reported:
        pytester.makepyfile(test_it=f"import pytest\nfrom reports.evidence import attach, figure, step\n{source}")
        folder = pytester.path / "report"
        return Reported(pytester.runpytest_inprocess(f"--report-dir={folder}", *words), folder)

    return run
