"""The runs of a checkout that left a report, each in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from plumbline.core import shell, state
from plumbline.core.errors import ToolMissing, UsageError
from plumbline.core.paths import Paths
from plumbline.core.report_files import JOURNAL, RESULTS

_DESCRIBE = ("git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
_WITHIN_S = 60.0


def find(paths: Paths, name: str | None) -> Path:
    """Return the folder of a run: by its name, by a path, or (without a name) the latest.

    A run that was killed has its report written now, from what it had reported until then.

    Raises:
        UsageError: there is no such run, or none at all.
    """
    folder = _latest(paths) if name is None else _named(paths, name)
    if not (folder / RESULTS).exists():
        shell.run([sys.executable, "-m", "reports.journal", folder], within_s=_WITHIN_S, cwd=paths.root)
    return folder


def commit(root: Path) -> str:
    """Return the commit of a checkout, with "-dirty" where it has changes, or "unknown" where git knows none, or is not there."""
    try:
        return shell.run(_DESCRIBE, within_s=_WITHIN_S, cwd=root).stdout.strip()
    except (shell.CommandFailed, ToolMissing):
        return "unknown"


def results(folder: Path) -> dict[str, Any]:
    """Return what a run found, as reports/schema.json describes it.

    Raises:
        UsageError: the folder holds no results.
    """
    found = state.read_json(folder / RESULTS)
    if not isinstance(found, dict):
        raise UsageError(f"{folder} holds no {RESULTS} that can be read: name the folder of a run's report")
    return found


def _latest(paths: Paths) -> Path:
    reported = sorted(folder for folder in paths.reports.glob("*") if _has_report(folder))
    if not reported:
        raise UsageError('there is no report yet: "make verify" or "pytest suites/local" makes one')
    return reported[-1]


def _named(paths: Paths, name: str) -> Path:
    for folder in (paths.reports / name, Path(name)):
        if _has_report(folder):
            return folder.resolve()
    known = sorted(folder.name for folder in paths.reports.glob("*") if _has_report(folder))
    raise UsageError(f'there is no report "{name}"; the latest are {", ".join(known[-5:]) or "(none)"}')


def _has_report(folder: Path) -> bool:
    return (folder / RESULTS).exists() or (folder / JOURNAL).exists()
