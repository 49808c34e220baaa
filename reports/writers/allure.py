"""Allure, fed from the event stream through allure-pytest, so that no test imports it (https://allurereport.org/docs/pytest)."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import allure as untyped

from plumbline.core import events
from reports.catalogue import Catalogue, Family, Severity
from reports.model import Run
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


_SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the gravest first
# files beside the tests' own, such as the summary of all controls, by their suffix
_SHOWN = {".md": "text/markdown", ".txt": "text/plain", ".svg": "image/svg+xml", ".png": "image/png"}
_DOCUMENTS = "PLUMBLINE_DOCS_URL"  # names the place where docs/ is published: Allure follows links of the web only


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
    families = [catalogue.family(control) for control in controls]
    for control, family in zip(controls, families, strict=True):
        entry = catalogue.find(control)
        claim = f"{control}: {entry.claim}" if entry else control
        allure.dynamic.label("control", control)
        allure.dynamic.label("family", family.id)
        allure.dynamic.feature(f"{family.id}: {family.title}")
        allure.dynamic.story(claim)
        allure.dynamic.link(f"{_documents()}/controls.md#{_anchor(family)}", name=f"docs/controls.md: {control}")
    if families:
        allure.dynamic.severity(min((family.severity for family in families), key=_SEVERITIES.index))


def write_run(run: Run, folder: Path) -> None:
    """Write what belongs to the run as a whole: its environment, the categories of failures, all controls, and why nothing was tried."""
    facts = {"run": run.name, "started": run.started, **run.environment}
    files.write(
        folder / "environment.properties",
        "".join(f"{_key(key)}={' '.join(value.split())}\n" for key, value in facts.items()),
    )
    files.write(folder / "categories.json", json.dumps(list(_CATEGORIES), indent=1) + "\n")
    for file in sorted(folder.parent.iterdir()):
        if (media_type := _SHOWN.get(file.suffix)) is not None:
            allure.global_attach.file(str(file), name=file.name, attachment_type=media_type, extension=file.suffix[1:])
    failures = (test.failure for test in run.tests if test.failure is not None)
    for reason in dict.fromkeys(failure.message for failure in failures if failure.kind == "not tried"):
        allure.global_error(reason)


def _documents() -> str:
    return os.environ.get(_DOCUMENTS, "docs")


def _anchor(family: Family) -> str:
    """Return the anchor of a family's heading in docs/controls.md, as Markdown viewers make it."""
    words = f"{family.id}: {family.title}".lower()
    return re.sub(r"[^\w -]", "", words).replace(" ", "-")


def _key(text: str) -> str:
    """Return ``text`` fit for a key of a Java properties file."""
    return text.strip().replace(" ", "_").replace("=", "_").replace(":", "_")
