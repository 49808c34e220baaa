"""The catalogue, the suites, the faults and docs/controls.md say the same; no cluster is needed to check it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures import known_failures, selection
from plumbline.faults import registry
from reports import catalogue

ROOT = Path(__file__).resolve().parents[2]

COLLECT = """
import json

def pytest_collection_finish(session):
    from reports.plugin import controls_of

    found = {item.nodeid: [controls_of(item), item.function.__doc__] for item in session.items}
    open("{file}", "w").write(json.dumps(found))
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> dict[str, tuple[list[str], str | None]]:
    """Every test of the suites, with its controls and its docstring; collected in a process that has no cluster."""
    folder = tmp_path_factory.mktemp("collect")
    file = folder / "collected.json"
    (folder / "collect_controls.py").write_text(COLLECT.replace("{file}", str(file)))
    words = [
        "--collect-only",
        "-q",
        "-p",
        "collect_controls",
        "-p",
        "no:cacheprovider",
        "-m",
        " or ".join(selection.TIERS),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "suites"],
        cwd=ROOT,
        env={"PATH": "/nowhere", "PYTHONPATH": str(folder), "HOME": str(folder), "KUBECONFIG": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode in (0, pytest.ExitCode.NO_TESTS_COLLECTED), ended.stdout + ended.stderr
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def tested(collected) -> set[str]:
    return {control for controls, _ in collected.values() for control in controls}


CATALOGUE = catalogue.load()
IMPLEMENTED = {entry.id for entry in CATALOGUE.controls if entry.state == "implemented"}


def test_every_control_that_a_test_names_exists(collected):
    known = {entry.id for entry in CATALOGUE.controls if entry.state != "retired"}
    assert {test: controls for test, (controls, _) in collected.items() if set(controls) - known} == {}


def test_what_is_implemented_has_a_test(tested):
    assert sorted(IMPLEMENTED - tested) == [], "listed as implemented in suites/controls.toml, and no test names them"


def test_what_has_a_test_is_listed_as_implemented(tested):
    assert sorted(tested - IMPLEMENTED) == [], 'set state = "implemented" in suites/controls.toml'


def test_what_is_implemented_has_a_fault():
    breakable = {fault.breaks for fault in registry.load().all()}
    assert sorted(IMPLEMENTED - breakable) == [], "no fault in plumbline/faults/actions/ breaks them"


def test_faults_know_only_controls_that_exist():
    named = {control for fault in registry.load().all() for control in (fault.breaks, *fault.green)}
    assert named - {entry.id for entry in CATALOGUE.controls} == set()


def test_faults_declare_green_only_what_has_a_test():
    assert {f.name: f.green for f in registry.load().all() if set(f.green) - IMPLEMENTED} == {}


def test_each_test_of_a_control_says_what_it_needs_does_and_expects(collected):
    sections = ("Preconditions:", "Steps:", "Expected:")
    silent = [
        test
        for test, (controls, said) in collected.items()
        if controls and not all(part in (said or "") for part in sections)
    ]
    assert silent == []


def test_known_failures_are_those_of_tests_that_exist(collected):
    known = {failure.test for failure in known_failures.load(ROOT)}
    assert {
        test for test in known if test not in {name.partition("[")[0] for name in collected} | set(collected)
    } == set()


def test_the_document_is_current():
    document = ROOT / "docs" / "controls.md"
    assert document.read_text() == catalogue.markdown(CATALOGUE), "run: python -m reports.catalogue > docs/controls.md"


def test_ids_are_of_the_form_that_the_reports_publish():
    assert all(re.fullmatch("[A-Z]{3}-[0-9]{3}", entry.id) for entry in CATALOGUE.controls)
    assert len(CATALOGUE.controls) == len({entry.id for entry in CATALOGUE.controls})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[EXE]\ntitle = "x"\n[EXE.controls]\n1 = {claim = "x"}', "EXE-1 is not a new id of the form EXE-000"),
        ('[EXE]\ntitle = "x"\n[EXE.controls]\n001 = {claim = "x", state = "done"}', "the state 'done' is not one of"),
        ('[EXE]\ntitle = "x"\nseverity = "dire"\n[EXE.controls]\n', "the severity 'dire' is not one of"),
    ],
)
def test_a_catalogue_that_contradicts_itself(tmp_path, text, message):
    file = tmp_path / "controls.toml"
    file.write_text(text)
    with pytest.raises(catalogue.CatalogueError, match=message):
        catalogue.load(file)
