"""The controller's side: phase reports of all workers come in, tests come out.

A worker hangs its part on pytest's reports as plain data (see :func:`reports.plugin`); xdist carries it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from reports.model import Attachment, Description, Failure, Figure, Phase, Step, Test, TestOutcome
from reports.redact import redact

ATTRIBUTE = "plumbline"  # of a report


@dataclass
class _Draft:
    """What is known of a test so far."""

    about: Mapping[str, Any] = field(default_factory=dict)
    recorded: Mapping[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    shared_seconds: float = 0.0
    outcome: TestOutcome = "passed"
    reason: str = ""
    failure: Failure | None = None
    worker: str = ""


class Gathering:
    """Tests of a run, put together from their phases."""

    def __init__(self) -> None:
        """Start with none."""
        self._drafts: dict[str, _Draft] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Take one phase of one test."""
        draft = self._drafts.setdefault(report.nodeid, _Draft())
        carried: Mapping[str, Any] = getattr(report, ATTRIBUTE, {})
        draft.about = carried.get("about", draft.about)
        draft.recorded = carried.get("recorded", draft.recorded)
        draft.shared_seconds = carried.get("shared_seconds", draft.shared_seconds)
        draft.seconds[report.when or "crash"] = report.duration
        draft.worker = getattr(report, "worker_id", draft.worker)
        if report.skipped:
            draft.outcome, draft.reason = "skipped", _skip_reason(report)
        elif report.failed and draft.failure is None:
            phase: Phase = report.when if report.when in ("setup", "call", "teardown") else "crash"
            draft.outcome = "failed" if phase == "call" else "error"
            draft.failure = Failure(
                phase=phase,
                kind=carried.get("kind", "error"),
                message=redact(str(carried.get("message") or report.longreprtext)),
                text=redact(report.longreprtext),
            )

    def tests(self) -> tuple[Test, ...]:
        """Return the tests so far, in the order in which they began to report."""
        return tuple(_finished(nodeid, draft) for nodeid, draft in self._drafts.items())


_CUT_SHORT = Failure("crash", "not tried", "the run was cut short during this test")


def _finished(nodeid: str, draft: _Draft) -> Test:
    ended = draft.failure is not None or draft.outcome == "skipped" or "call" in draft.seconds
    return Test(
        id=draft.about.get("id", nodeid),
        outcome=draft.outcome if ended else "error",
        controls=tuple(draft.about.get("controls", ())),
        description=Description(**draft.about.get("description", {})),
        reason=draft.reason,
        failure=draft.failure if ended else _CUT_SHORT,
        shared_seconds=round(draft.shared_seconds, 3),
        setup_seconds=round(max(0.0, draft.seconds.get("setup", 0.0) - draft.shared_seconds), 3),
        call_seconds=round(draft.seconds.get("call", 0.0), 3),
        teardown_seconds=round(draft.seconds.get("teardown", 0.0), 3),
        worker=draft.worker,
        steps=tuple(Step.of(step) for step in draft.recorded.get("steps", ())),
        attachments=tuple(Attachment(**attachment) for attachment in draft.recorded.get("attachments", ())),
        figures=figures(draft.recorded.get("figures", ())),
    )


def figures(plain: Any) -> tuple[Figure, ...]:
    """Return figures from the plain data in which they travel."""
    return tuple(Figure(**figure) for figure in plain)


def _skip_reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped: pytest keeps (file, line, reason), or the reason of an expected failure."""
    if hasattr(report, "wasxfail"):
        return f"known failure: {report.wasxfail}"
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr or "skipped")
