"""Every dependency is listed with its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    "requirements/harness.in",
    "requirements/checkov.in",
    "local/beacon/requirements.in",
    "local/csi/requirements.in",
)


def names(file: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in file.read_text().splitlines())
    return [re.split(r"[\[=<>! ]", line)[0] for line in lines if line and not line.startswith("-")]


@pytest.mark.parametrize("package", ["local/helios", "local/programs/allure"])
def test_npm_packages_do_too(package: str) -> None:
    document = (ROOT / "docs/dependencies.md").read_text()
    asked = json.loads((ROOT / package / "package.json").read_text())["dependencies"]

    assert not [name for name in asked if f"| {name} |" not in document]


@pytest.mark.parametrize("source", SOURCES)
def test_each_stands_in_the_document(source: str) -> None:
    document = (ROOT / "docs/dependencies.md").read_text()

    missing = [name for name in names(ROOT / source) if not re.search(rf"\b{re.escape(name)}\b", document)]

    assert not missing, f"docs/dependencies.md gives no reason for {', '.join(missing)} of {source}"
