"""A run's report as one page for the browser: Allure's, in a single file that loads nothing from outside."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from plumbline.core import shell, state
from plumbline.core.errors import PlumblineError, UsageError
from plumbline.core.paths import Paths
from plumbline.core.report_files import ALLURE

NAME = "report.html"
_WITHIN_S = 120.0
_GROUPED_BY = ["feature", "story"]  # family, then control (reports/writers/allure.py)
_REMEMBERED = 30  # runs, in the history of each test
# The generator's page counts its visitors at a third party, and no option of its prevents that.
_COUNTER = re.compile(
    r'<script async src="https://www\.googletagmanager\.com/[^"]*"></script>\s*<script>(?:(?!</script>).)*</script>',
    re.DOTALL,
)
# What a browser may load for this page: nothing but what is in it (https://www.w3.org/TR/CSP3/).
_INLINE = "'unsafe-inline' 'unsafe-eval' data: blob:"
_POLICY = f'<meta http-equiv="Content-Security-Policy" content="default-src {_INLINE}">'


def make(paths: Paths, folder: Path) -> Path:
    """Write a run's page into its folder, and return it.

    Raises:
        UsageError: the run told Allure nothing.
        ModuleUnavailable: the generator cannot be had.
    """
    from plumbline.images import tools  # noqa: PLC0415  (nothing else here needs what is built or fetched)

    told = folder / ALLURE
    if not told.is_dir():
        raise UsageError(f"{folder} has no {ALLURE}/ to make a page of: it is the report of a run that was told not to")
    page = folder / NAME
    with tempfile.TemporaryDirectory(prefix="plumbline-page-") as made:
        here = Path(made)
        config = here / "allurerc.json"
        state.write_json(config, {**_settings(paths, folder), "output": str(here / "page")})
        argv: list[str | Path] = [tools.tool(paths, "allure"), "generate", "--config", config, told]
        shell.run(argv, within_s=_WITHIN_S, cwd=here)
        state.write_text(page, sealed_off((here / "page" / "index.html").read_text()))
    return page


def _settings(paths: Paths, folder: Path) -> dict[str, Any]:
    """Return what the generator is told (https://allurereport.org/docs/v3/configure/)."""
    return {
        "name": folder.name,
        "historyPath": str(paths.state / "allure-history.jsonl"),
        "historyLimit": _REMEMBERED,
        "appendHistory": not (folder / NAME).exists(),  # a page that is made again is no further run
        "categories": state.read_json(folder / ALLURE / "categories.json") or [],
        "plugins": {"awesome": {"options": {"singleFile": True, "groupBy": _GROUPED_BY}}},
    }


def sealed_off(html: str) -> str:
    """Return the generator's page without its counter of visitors, and with a policy that keeps it from loading anything.

    Raises:
        PlumblineError: it is not the page that we know.
    """
    without, found = _COUNTER.subn("", html)
    head = without.partition("<head>")
    if found != 1 or not head[1]:
        raise PlumblineError("the page of Allure is not as we know it: use the version that local/programs/allure pins")
    return "".join((head[0], head[1], _POLICY, head[2]))
