"""results.json: the whole run as data, described by reports/schema.json."""

from __future__ import annotations

import json
from pathlib import Path

from plumbline.core.report_files import RESULTS
from reports.model import Run
from reports.writers import files

SCHEMA = Path(__file__).resolve().parent.parent / "schema.json"


def write(run: Run, folder: Path) -> Path:
    """Write the run into its folder and return the file."""
    file = folder / RESULTS
    files.write(file, json.dumps(run.as_json(), indent=1) + "\n")
    return file
