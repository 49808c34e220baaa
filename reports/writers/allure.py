"""Allure, fed from the event stream through allure-pytest, so that no test imports it (https://allurereport.org/docs/pytest)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import allure as untyped

from plumbline.core import events
from reports.catalogue import Catalogue
from reports.model import Run, family_of
from reports.recording import title
from reports.writers import files

allure: Any = untyped  # its functions carry no annotations

# in which drawer a red test goes; the first that matches
_CATEGORIES: tuple[dict[str, Any], ...] = (
    {
        "name": "The stack did not come up",
        "messageRegex": ".*did not come up.*",
        "matchedStatuses": ["broken", "failed"],
    },
    {"name": "Claims that do not hold", "matchedStatuses": ["failed"]},
    {"name": "Waits that ran out", "messageRegex": ".*Timeout.*", "matchedStatuses": ["broken"]},
    {"name": "Tests that broke", "matchedStatuses": ["broken"]},
    {"name": "Not run here", "matchedStatuses": ["skipped"]},
)


class Feed:
    """Hands one test's events on to allure-pytest as they come."""

    def __init__(self, folder: Path | None) -> None:
        """Remember the run's folder, below which attachments are."""
        self._folder = folder
        self._open: list[Any] = []

    def event(self, event: events.Event) -> None:
        """Show a phase as a step, and a kept file as an attachment."""
        match event["event"]:
            case "phase-start":
                step = allure.step(title(event))
                step.__enter__()
                self._open.append(step)
            case "phase-end" if self._open:
                # a phase that fails reports its end from within its exception
                error = (None, None, None) if event["ok"] else sys.exc_info()
                self._open.pop().__exit__(*error)
            case "attachment" if event["file"] and self._folder is not None:
                source = str(self._folder / event["file"])
                allure.attach.file(
                    source, name=event["name"], attachment_type=event["media_type"], extension=Path(source).suffix[1:]
                )


def label(catalogue: Catalogue, controls: Sequence[str]) -> None:
    """Tell Allure what the test that is being set up proves (its description is the docstring already)."""
    for control in controls:
        entry = catalogue.find(control)
        allure.dynamic.label("control", control)
        allure.dynamic.label("family", family_of(control))
        allure.dynamic.feature(f"{family_of(control)}: {catalogue.title(control)}")
        allure.dynamic.story(f"{control}: {entry.claim}" if entry else control)


def write_run(run: Run, folder: Path) -> None:
    """Write what belongs to the run as a whole: its environment, the categories of failures, and why nothing could be tried."""
    facts = {"run": run.name, "started": run.started, **run.environment}
    files.write(
        folder / "environment.properties",
        "".join(f"{_key(key)}={' '.join(value.split())}\n" for key, value in facts.items()),
    )
    files.write(folder / "categories.json", json.dumps(list(_CATEGORIES), indent=1) + "\n")
    failures = (test.failure for test in run.tests if test.failure is not None)
    for reason in dict.fromkeys(failure.message for failure in failures if failure.kind == "not tried"):
        allure.global_error(reason)


def _key(text: str) -> str:
    """Return ``text`` fit for a key of a Java properties file."""
    return text.strip().replace(" ", "_").replace("=", "_").replace(":", "_")
