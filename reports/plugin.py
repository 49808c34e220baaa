"""The pytest plugin that fills the result model and has it written.

In every process that runs tests it records each test's part of the event stream and hangs it on pytest's own reports, so
that xdist carries it to the controller; there (and without xdist: in the same process) the run is put together and written.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plumbline.core import events
from plumbline.core.report_files import ALLURE, JUNIT
from reports import catalogue, docstrings, evidence, gathering, grouping, images, writers
from reports.journal import Journal
from reports.model import FailureKind, Run, Test
from reports.recording import Recording
from reports.redact import redact
from reports.writers import allure, summary

NAME = "plumbline-reports"
WHY_LEFT_OUT = pytest.StashKey[str]()  # on an item that a plugin deselects: the reason, for the report


@dataclass
class Facts:
    """What other plugins tell the report about the run; the attributes that it has, too, are those of :class:`Run`.

    Attributes:
        last_words: what the terminal shows last.
    """

    environment: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    resume: str = ""
    last_words: list[str] = field(default_factory=list)


FACTS = pytest.StashKey[Facts]()


def facts(config: pytest.Config) -> Facts:
    """Return what the report says about the run; others add to it."""
    return config.stash.setdefault(FACTS, Facts())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our option."""
    group = parser.getgroup("plumbline", "Plumbline")
    group.addoption("--report-dir", dest="report_dir", metavar="DIR", help="write the run's evidence into DIR")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Decide where evidence goes, before pytest's JUnit writer and allure-pytest look at their options."""
    config.addinivalue_line("markers", "control(id, ...): the claims in suites/controls.toml that the test proves")
    handed_over = getattr(config, "workerinput", {}).get(NAME)
    chosen = handed_over or config.option.report_dir
    folder = (config.invocation_params.dir / chosen).resolve() if chosen else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        config.option.xmlpath = config.option.xmlpath or str(folder / JUNIT)
        config.option.allure_report_dir = allure_dir(config) or str(folder / ALLURE)
    evidence.keep_files_in(folder)
    config.pluginmanager.register(Reporter(config, folder), NAME)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where evidence goes."""
    folder = node.config.pluginmanager.get_plugin(NAME).folder
    node.workerinput[NAME] = str(folder) if folder else ""


def allure_dir(config: pytest.Config) -> str:
    """Return where allure-pytest writes, empty where it does not (or is not installed)."""
    return getattr(config.option, "allure_report_dir", None) or ""


class Reporter:
    """One process' share of the report, and in the controller the whole of it."""

    def __init__(self, config: pytest.Config, folder: Path | None) -> None:
        """Start the clock.

        Args:
            config: pytest's.
            folder: where evidence goes, if anywhere.
        """
        self.config, self.folder = config, folder
        self.catalogue = catalogue.load()
        self.is_worker = hasattr(config, "workerinput")
        self.gathering = gathering.Gathering()
        self.left_out: dict[str, str] = {}
        self.run: Run | None = None
        self._journal: Journal | None = None
        self._recording: Recording | None = None
        self._sharing, self._shared_s = False, 0.0
        self._began = time.monotonic()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")

    # -- where tests run -----------------------------------------------------------------------------------------

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know what is to come: where the run ends before it, its controls were not run for that reason."""
        for item in session.items:
            self.left_out |= dict.fromkeys(controls_of(item), grouping.NOT_REACHED)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Remember why the tests of a control were left out."""
        for item in items:
            for control in controls_of(item):
                self.left_out.setdefault(control, item.stash.get(WHY_LEFT_OUT, grouping.NOT_SELECTED))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record the test's part of the event stream."""
        identity = id_of(item)
        evidence.enter(identity)
        feed = allure.Feed(self.folder) if allure_dir(self.config) else None
        self._recording = Recording(mirror=feed.event if feed else None)
        self._recording.start()
        events.emit(evidence.COMPONENT, "start", test=identity, controls=controls_of(item))
        try:
            return (yield)
        finally:
            events.emit(evidence.COMPONENT, "end", test=identity)
            self._recording.stop()
            self._recording = None
            evidence.enter("run")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Tell JUnit and Allure what the test proves; Allure's own set-up hook has made room for it by now."""
        self._shared_s = 0.0
        item.user_properties += [("control", control) for control in controls_of(item)]
        if allure_dir(self.config):
            allure.label(self.catalogue, controls_of(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, object, object]:
        """Time what is set up for the whole run: it is not the doing of the test that happens to come first."""
        outermost = fixturedef.scope == "session" and not self._sharing
        start = time.monotonic()
        self._sharing = self._sharing or outermost
        try:
            return (yield)
        finally:
            if outermost:
                self._sharing = False
                self._shared_s += time.monotonic() - start

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hang our part on the report of a phase: first what the test is, last what it did."""
        report = yield
        part: dict[str, Any] = {}
        if report.when == "setup":
            part["about"] = about(item)
            part["shared_seconds"] = self._shared_s
        if call.excinfo is not None and report.failed:
            part["kind"] = kind_of(call.excinfo.value)
            part["message"] = message_of(call.excinfo.value)
            events.emit(
                evidence.COMPONENT,
                "red",
                test=id_of(item),
                phase=report.when,
                kind=part["kind"],
                message=redact(part["message"]),
            )
        if report.when == "teardown" and self._recording is not None:
            recording = self._recording
            part["recorded"] = {
                "steps": recording.steps,
                "attachments": recording.attachments,
                "figures": recording.figures,
            }
        setattr(report, gathering.ATTRIBUTE, part)
        return report

    # -- where results come together -----------------------------------------------------------------------------

    def pytest_runtest_logstart(self) -> None:
        """Begin the journal with the first test."""
        if not self.is_worker and self.folder is not None and self._journal is None:
            known = {"started": self._started, "environment": facts(self.config).environment, "left_out": self.left_out}
            self._journal = Journal(self.folder, known)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report of a phase, from here or from a worker."""
        if self.is_worker:
            return
        self.gathering.add(report)
        if self._journal is not None:
            self._journal.add(self.config.hook.pytest_report_to_serializable(config=self.config, report=report))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker knew beside its tests (a worker that crashed says nothing)."""
        said: Mapping[str, Any] = getattr(node, "workeroutput", {}).get(NAME, {})
        self.left_out |= said.get("left_out", {})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send to the controller, or write what the run found."""
        if self.is_worker:
            self.config.workeroutput[NAME] = {"left_out": self.left_out}  # type: ignore[attr-defined]
            return
        self.run = self._put_together(int(session.exitstatus))
        if self.folder is not None and self._journal is not None:
            writers.write(self.run, self.folder, Path(allure_dir(self.config)))
            self._journal.end()

    def _put_together(self, exit_code: int) -> Run:
        tests = self.gathering.tests()
        said = facts(self.config)
        return Run(
            name=events.current().run if self.folder is None else self.folder.name,
            started=self._started,
            seconds=round(time.monotonic() - self._began, 1),
            exit_code=exit_code,
            environment=said.environment,
            controls=grouping.by_control(self.catalogue, tests, self.left_out),
            tests=tests,
            figures=tuple(figure for test in tests for figure in test.figures),
            images=images.read(self.folder),
            remarks=tuple(said.remarks),
            resume=said.resume,
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the controls, where any was tried."""
        if self.run is None or not any(control.tests for control in self.run.controls):
            return
        terminalreporter.section("controls")
        for line in summary.lines(self.run, terminalreporter._tw.fullwidth):  # noqa: SLF001  (pytest has no public width)
            terminalreporter.write_line(line.text, **({line.colour: True} if line.colour else {}))
        if self.folder is not None:
            terminalreporter.write_line(f"evidence: {self.folder}")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Say the last words: what the reader should do next, below everything else."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if not self.is_worker and reporter is not None:
            said = facts(self.config)
            for line in (*(f"warning: {remark}" for remark in said.remarks), *said.last_words):
                reporter.write_line(line)


def tests_of(config: pytest.Config) -> tuple[Test, ...]:
    """Return what is known of the tests of the run so far; in the controller, of all of them."""
    reporter = config.pluginmanager.get_plugin(NAME)
    assert isinstance(reporter, Reporter)
    return reporter.gathering.tests()


def about(item: pytest.Item) -> dict[str, Any]:
    """Return what a test is: its id, the controls that it proves, and what it says of itself."""
    docstring = getattr(getattr(item, "obj", None), "__doc__", None)
    return {"id": id_of(item), "controls": controls_of(item), "description": docstrings.describe(docstring)}


def controls_of(item: pytest.Item) -> list[str]:
    """Return the controls that a test proves, each once, the nearest marker first."""
    return list(dict.fromkeys(str(name) for marker in item.iter_markers("control") for name in marker.args))


def id_of(item: pytest.Item) -> str:
    """Return a test's id as one types it: xdist adds the name of its group to the node id."""
    groups = {
        str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
        for mark in item.iter_markers("xdist_group")
    }
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}") if groups else item.nodeid


def kind_of(error: BaseException) -> FailureKind:
    """Tell a claim that does not hold from a wait that ran out and from everything else.

    A claim's failure is an assertion, ``pytest.fail``, or an error of our own kind that says so by its exit code 1.
    """
    if isinstance(error, evidence.NotTried):
        return "not tried"
    if isinstance(error, AssertionError | pytest.fail.Exception) or getattr(error, "exit_code", None) == 1:
        return "assertion"
    if any("timeout" in kind.__name__.lower() for kind in type(error).__mro__):
        return "timeout"
    return "error"


def message_of(error: BaseException) -> str:
    """Return what a failure says, with its kind where that is not an assertion."""
    text = str(error)
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return text or "assertion failed"
    return f"{type(error).__name__}: {text}"
