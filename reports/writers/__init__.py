"""One module for each form in which a run is shown; each reads the result model and nothing else."""

from __future__ import annotations

from pathlib import Path

from reports.model import Run
from reports.writers import allure, markdown, openmetrics, results


def write(run: Run, folder: Path, told_allure: Path) -> None:
    """Write a run in every form.

    Args:
        run: the run.
        folder: the run's.
        told_allure: where allure-pytest wrote what it was told of each test.
    """
    results.write(run, folder)
    markdown.write(run, folder)
    openmetrics.write(run, folder)
    if told_allure.is_dir():
        allure.write_run(run, told_allure)
