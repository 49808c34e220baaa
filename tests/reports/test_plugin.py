"""The plugin: what happens in a run arrives in its report, with and without workers."""

import json
from pathlib import Path

import jsonschema
import pytest

from reports.writers.results import SCHEMA

ALL = '''
@pytest.mark.control("EXE-002")
def test_red():
    """Preconditions: three nodes.

    Steps: count the peers
        of each.
    Expected: two each.
    """
    with step("count"):
        with step("ask geth-1"):
            attach("peers", {"geth-1": 0, "api_key": "0123456789"})
    figure("peers", 0, "peers", target=2)
    assert 0 == 2, "geth-1 has 0 of 2 peers"

@pytest.mark.control("EXE-003", "EXE-005")
def test_green(): figure("head age", 3, "s", bound=24)

@pytest.mark.control("EXE-003")
def test_skipped(): pytest.skip("no fourth node here")

@pytest.mark.control("EXE-004")
def test_all_skipped(): pytest.skip("no room")

@pytest.fixture
def broken(): raise ValueError("no such chain")

@pytest.mark.control("CON-001")
def test_setup(broken): pass

@pytest.fixture
def damage():
    yield
    assert False, "beacon-0 is gone"

@pytest.mark.control("CON-002")
def test_teardown(damage): pass

@pytest.mark.xfail(reason="not yet", strict=True)
@pytest.mark.control("CON-003")
def test_known(): assert False

def test_of_no_control(): pass

@pytest.mark.control("HEL-001")
def test_left_out(): pass
'''


@pytest.fixture(params=["-n0", "-n2"])
def reported(request, report):
    return report(ALL, request.param, "-k", "not left_out")


def test_the_whole_run(reported):
    jsonschema.validate(reported.results, json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())
    assert len(reported.results["tests"]) == 8
    assert reported.results["exit_code"] == pytest.ExitCode.TESTS_FAILED

    verdicts = {control["id"]: (control["verdict"], control["reason"]) for control in reported.results["controls"]}
    assert verdicts["EXE-002"] == ("failed", "geth-1 has 0 of 2 peers")
    assert verdicts["EXE-003"] == ("proved", "1 of 2 tests not run: no fourth node here")
    assert verdicts["EXE-005"] == ("proved", "")
    assert verdicts["EXE-004"] == ("not run", "no room")
    assert verdicts["CON-001"] == ("failed", "setup: ValueError: no such chain")
    assert verdicts["CON-002"] == ("failed", "teardown: beacon-0 is gone")
    assert verdicts["CON-003"] == ("not run", "known failure: not yet")
    assert verdicts["HEL-001"] == ("not run", "not part of this selection")
    assert len(verdicts) >= 70  # nothing of the catalogue is passed over in silence

    red = reported.test("test_red")
    assert red["description"] == {
        "summary": "",
        "preconditions": "three nodes.",
        "steps": "count the peers of each.",
        "expected": "two each.",
    }
    assert red["failure"]["phase"] == "call"
    assert red["failure"]["kind"] == "assertion"
    assert red["failure"]["message"].startswith("geth-1 has 0 of 2 peers")
    (step,) = red["steps"]
    assert (step["name"], step["ok"], [inner["name"] for inner in step["steps"]]) == ("count", True, ["ask geth-1"])
    (attachment,) = red["attachments"]
    kept = (reported.folder / attachment["file"]).read_text()
    assert json.loads(kept)["geth-1"] == 0
    assert "0123456789" not in kept
    assert sorted(reported.results["figures"], key=lambda figure: figure["name"]) == [
        {"name": "head age", "value": 3.0, "unit": "s", "target": None, "bound": 24},
        {"name": "peers", "value": 0.0, "unit": "peers", "target": 2, "bound": None},
    ]

    told = reported.allure("test_red")
    labels = {(label["name"], label["value"]) for label in told["labels"]}
    assert {("control", "EXE-002"), ("family", "EXE"), ("feature", "EXE: Execution client (Geth)")} <= labels
    assert ("severity", "critical") in labels
    (link,) = told["links"]
    assert (link["url"], link["name"]) == ("docs/controls.md#exe-execution-client-geth", "docs/controls.md: EXE-002")
    assert told["status"] == "failed"
    (step,) = told["steps"]
    assert step["name"] == "count"
    assert step["steps"][0]["attachments"][0]["name"] == "peers"
    assert Path(reported.folder / "allure" / "categories.json").is_file()

    junit = (reported.folder / "junit.xml").read_text()
    assert '<property name="control" value="EXE-002"' in junit

    markdown = (reported.folder / "summary.md").read_text()
    assert "| EXE-002 | ❌ failed |" in markdown
    assert f"]({attachment['file']})" in markdown


def test_the_end_of_a_run_on_the_terminal(report):
    shown = report(ALL, "-k", "not left_out").result.stdout
    shown.fnmatch_lines(
        [
            "*= controls =*",
            "FAILED    EXE-002   Each node has *0.? s",
            "                    geth-1 has 0 of 2 peers",
            "proved    EXE-003   The head advances *",
            "                    1 of 2 tests not run: no fourth node here",
            "not run   EXE-004 *",
            "2 proved, 3 failed, * not run here (*",
            "peers * 0 peers  (target 2)",
            "head age * 3 s * (fails above 24)",
            "evidence: */report",
        ]
    )


KINDS = """
from plumbline.core.errors import ControlFailed
from plumbline.core.wait import Timeout
from reports.evidence import NotTried

def test_assertion(): assert False
def test_verdict(): pytest.fail("geth-1 lags")
def test_control(): raise ControlFailed("geth-1 lags")
def test_timeout(): raise Timeout("heads", 3, "stuck", 2, "")
def test_error(): raise KeyError("head")
@pytest.fixture
def stack(): raise NotTried("geth did not come up")
@pytest.mark.control("EXE-002")
def test_untried(stack): pass
"""


def test_kinds_of_failure(report):
    reported = report(KINDS)
    kinds = {test["id"].rpartition("test_")[2]: test["failure"]["kind"] for test in reported.results["tests"]}
    assert kinds == {
        "assertion": "assertion",
        "verdict": "assertion",
        "control": "assertion",
        "timeout": "timeout",
        "error": "error",
        "untried": "not tried",
    }
    assert reported.control("EXE-002")["verdict"] == "not run"
    assert reported.control("EXE-002")["reason"] == "geth did not come up"
    assert (
        reported.test("test_timeout")["failure"]["message"] == "Timeout: heads: stuck after 3.0 s – last change 2 s ago"
    )
    told = "".join(file.read_text() for file in (reported.folder / "allure").glob("*-globals.json"))
    assert "geth did not come up" in told
    assert '"name": "summary.md"' in told


STEPS = """
import threading
from plumbline.core import events, wait

def test_phases():
    with events.phase("execution", "restart"):
        wait.until(wait.holds(lambda: True), named="geth-1 serves", within_s=1)
    other = threading.Thread(target=lambda: events.emit("x", "phase-start", phase="elsewhere"))
    other.start(); other.join()
    with pytest.raises(ValueError):
        with step("fails"):
            raise ValueError("secret: hunter2222")
"""


def test_phases_and_waits_of_the_test_are_steps(report):
    reported = report(STEPS)
    first, second = reported.test("test_phases")["steps"]
    assert first["name"] == "execution: restart"
    assert [step["name"] for step in first["steps"]] == ["wait: geth-1 serves"]
    assert (second["name"], second["ok"], second["error"]) == ("fails", False, "secret: [redacted]")
    assert [step["status"] for step in reported.allure("test_phases")["steps"]] == ["passed", "broken"]


SHARED = """
import threading
@pytest.fixture(scope="session")
def stack(): threading.Event().wait(0.3)
@pytest.fixture
def own(stack): threading.Event().wait(0.1)
def test_first(own): pass
"""


def test_what_is_set_up_for_all_is_not_held_against_the_first(report):
    test = report(SHARED).test("test_first")
    assert test["shared_seconds"] >= 0.3
    assert 0.1 <= test["setup_seconds"] < 0.3


def test_no_report_without_a_folder(pytester, report):
    report("def test_it(): pass")
    (pytester.path / "elsewhere").mkdir()
    result = pytester.runpytest_inprocess("-k", "it")
    result.assert_outcomes(passed=1)
    assert "controls" not in result.stdout.str()
