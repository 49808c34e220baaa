"""``--hand-in URL``: a run that came to its end sends its results to who keeps them (:mod:`reports.keeper`).

A run that was cut short is no result: it sends nothing, and that the last one grows old is noticed.
"""

from __future__ import annotations

from collections.abc import Generator

import httpx
import pytest

from plumbline.core.report_files import RESULTS
from reports import plugin

_WITHIN_S = 30.0
_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our option."""
    group = parser.getgroup("plumbline", "Plumbline")
    group.addoption("--hand-in", dest="hand_in", metavar="URL", help="send the run's results to URL (PUT)")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the report's own hook: when everything is written
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """In the controller: send what was found."""
    yield
    config, url = session.config, session.config.option.hand_in
    if not url or hasattr(config, "workerinput") or session.exitstatus not in _ENDED:
        return
    reporter = config.pluginmanager.get_plugin(plugin.NAME)
    assert isinstance(reporter, plugin.Reporter)
    assert reporter.folder is not None  # a run of the suites keeps its evidence
    file = reporter.folder / RESULTS
    try:
        httpx.put(url, content=file.read_bytes(), timeout=_WITHIN_S, trust_env=False).raise_for_status()
    except (httpx.HTTPError, OSError) as error:
        plugin.facts(config).last_words.append(f"the results could not be handed in at {url}: {error}")
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
