"""summary.md: the run for people who read it later, and for a CI job's summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plumbline.core.report_files import SUMMARY
from reports.evidence import clip
from reports.grouping import NOT_SELECTED, PLANNED
from reports.model import Control, Figure, Run, Test, Verdict
from reports.writers import files

_MOST = 4000  # characters of one failure: a CI job's summary has an end, and results.json has it all
_MARKS: dict[Verdict, str] = {"proved": "✅ proved", "failed": "❌ failed", "not run": "➖ not run"}


def write(run: Run, folder: Path) -> Path:
    """Write the run into its folder and return the file."""
    file = folder / SUMMARY
    files.write(file, "\n".join(lines(run)) + "\n")
    return file


def lines(run: Run) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield f"# Run {run.name}"
    yield ""
    counts = (f"{len(run.of_verdict(verdict))} {word}" for verdict, word in _MARKS.items())
    yield f"{' · '.join(counts)} · {run.seconds:.0f} s, begun {run.started}"
    if run.resume:
        yield from ("", "Go on where it stopped:", "", "```sh", run.resume, "```")
    if run.remarks:
        yield from ("", "## Noticed", "", *(f"- {cell(remark)}" for remark in run.remarks))
    yield from _controls(run)
    red = [test for test in run.tests if test.failure is not None]
    if red:
        yield from ("", "## Failures")
        for test in red:
            yield from _failure(test)
    if run.figures:
        yield from ("", "## Figures", "", "| figure | value | target | fails above |", "|---|---|---|---|")
        yield from (_figure(figure) for figure in run.figures)
    if run.environment:
        yield from ("", "## Environment", "", "| what | value |", "|---|---|")
        yield from (f"| {cell(key)} | {cell(value)} |" for key, value in run.environment.items())


def _controls(run: Run) -> Iterator[str]:
    yield from ("", "## Controls", "", "| control | verdict | claim | seconds | remark |", "|---|---|---|---|---|")
    usual: dict[str, list[str]] = {NOT_SELECTED: [], PLANNED: []}
    for control in run.controls:
        if control.reason in usual:
            usual[control.reason].append(control.id)
        else:
            yield _control(control)
    for reason, ids in usual.items():
        if ids:
            yield from ("", f"Not run, {reason}: {', '.join(ids)}.")


def _control(control: Control) -> str:
    cells = (control.id, _MARKS[control.verdict], control.claim, f"{control.seconds:.1f}", control.reason)
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def _failure(test: Test) -> Iterator[str]:
    assert test.failure is not None
    yield from ("", f"### {', '.join(test.controls) or 'no control'}: `{test.id}`", "")
    if test.description.expected:
        yield from (f"Expected: {test.description.expected}", "")
    yield from (
        f"{test.failure.phase}, {test.failure.kind}:",
        "",
        "````text",
        clip(test.failure.message.strip(), _MOST),
        "````",
    )
    kept = [attachment for attachment in test.attachments if attachment.file]
    if kept:
        yield ""
        yield from (f"- [{attachment.name}]({attachment.file})" for attachment in kept)


def _figure(figure: Figure) -> str:
    target = "" if figure.target is None else f"{figure.target:g}"
    bound = "" if figure.bound is None else f"{figure.bound:g}"
    value = f"{figure.value:.4g} {figure.unit}" + ("" if figure.within else " ❌")
    return "| " + " | ".join(cell(text) for text in (figure.name, value, target, bound)) + " |"


def cell(text: str) -> str:
    """Return ``text`` fit for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
