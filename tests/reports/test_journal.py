"""A run that is killed keeps what it found until then."""

import json
import random
import signal
import subprocess
import sys

import jsonschema
import pytest

from plumbline.core import wait
from plumbline.core.report_files import JOURNAL
from reports import journal
from reports.writers.results import SCHEMA

KILLED = """
import os, signal
import pytest
from reports.evidence import attach, figure, step

def die(): os.kill(os.getpid(), signal.SIGKILL)

@pytest.mark.control("EXE-001")
def test_green():
    with step("ask"):
        attach("answer", "api_key=0123456789")
    figure("head age", 3, "s")

@pytest.mark.control("EXE-002")
def test_red(): assert False, "geth-1 has 0 of 2 peers; token=0123456789"

@pytest.fixture
def setup():
    if {moment!r} == "setup": die()
    yield
    if {moment!r} == "teardown": die()

@pytest.mark.control("EXE-003")
def test_killed(setup):
    if {moment!r} == "call": die()

@pytest.mark.control("EXE-004")
def test_never(): pass
"""

MANY = """
import time
import pytest

@pytest.mark.control("EXE-001")
@pytest.mark.parametrize("number", range(40))
def test_it(number): time.sleep(0.01)
"""
# How many lines its journal has when it is killed, of the head and three for each test.
MOMENTS = sorted(random.Random(1559).sample(range(1, 1 + 3 * 39), 10))


@pytest.fixture
def killed(pytester, report, request):
    """The folder of a run that was killed at a moment of its third test."""
    pytester.makepyfile(test_it=KILLED.replace("{moment!r}", repr(request.param)))
    folder = pytester.path / "report"
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--report-dir={folder}"], cwd=pytester.path, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    assert not (folder / "results.json").exists()
    return folder


@pytest.mark.parametrize("killed", ["setup", "call", "teardown"], indirect=True)
def test_what_ran_is_kept_and_readable(killed, request):
    assert "0123456789" not in (killed / JOURNAL).read_text()

    subprocess.run([sys.executable, "-m", "reports.journal", str(killed)], check=True, timeout=60)

    results = json.loads((killed / "results.json").read_text())
    jsonschema.validate(results, json.loads(SCHEMA.read_text()))
    assert results["exit_code"] is None
    controls = {control["id"]: (control["verdict"], control["reason"]) for control in results["controls"]}
    assert controls["EXE-001"] == ("proved", "")
    assert controls["EXE-002"][0] == "failed"
    reached = {"setup": "not run", "call": "not run", "teardown": "proved"}
    assert controls["EXE-003"][0] == reached[request.node.callspec.params["killed"]]
    assert controls["EXE-004"] == ("not run", "selected, but the run ended before it")
    red = next(test for test in results["tests"] if test["id"].endswith("test_red"))
    assert red["failure"]["message"].startswith("geth-1 has 0 of 2 peers")
    assert "| EXE-002 | ❌ failed |" in (killed / "summary.md").read_text()
    assert (killed / "allure" / "environment.properties").is_file()


@pytest.mark.parametrize("lines", MOMENTS)
def test_whenever_it_is_killed_each_test_that_ended_is_kept(pytester, report, lines):
    del report  # of another process
    pytester.makepyfile(test_many=MANY)
    folder = pytester.path / "report"
    file = folder / JOURNAL
    argv = [sys.executable, "-m", "pytest", "-q", f"--report-dir={folder}"]
    with subprocess.Popen(argv, cwd=pytester.path, stdout=subprocess.DEVNULL) as run:
        reached = wait.holds(lambda: run.poll() is not None or file.read_text().count("\n") >= lines, every_s=0.002)
        wait.until(reached, named=f"{lines} lines in the journal", within_s=20)
        run.kill()
    assert run.returncode == -signal.SIGKILL

    tests = [test for test in journal.recover(folder).tests if test.outcome == "passed"]

    assert len(tests) >= (lines - 1) // 3
    assert [test.id.partition("[")[2] for test in tests] == [f"{number}]" for number in range(len(tests))]
    assert json.loads((folder / "results.json").read_text())["exit_code"] is None


def test_a_line_that_was_cut_short_is_passed_over(tmp_path):
    head = {"started": "2026-11-27T12:00:00+00:00", "environment": {}, "left_out": {}}
    (tmp_path / JOURNAL).write_text(json.dumps(head) + '\n{"$report_ty')
    assert journal.recover(tmp_path).tests == ()


def test_a_run_that_ends_needs_no_journal(report):
    reported = report("def test_it(): pass")
    assert not (reported.folder / JOURNAL).exists()
    assert reported.results["exit_code"] == 0
