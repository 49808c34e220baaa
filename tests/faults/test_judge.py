"""The judge, for real: a pytest of its own against a checkout in miniature, a fault that writes a file, and the command."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import plumbline.faults.cli
from plumbline.core import events, state
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.faults import registry
from plumbline.faults.cli import main
from plumbline.faults.injuries import undo
from plumbline.faults.judge import Enough, JudgeFailed, PytestJudge
from plumbline.faults.pytests import Forked, StillRunning, afresh

ROOT = Path(__file__).resolve().parents[2]

INI = """
[pytest]
testpaths = tests suites
addopts = --import-mode=importlib --strict-markers -p no:hypothesispytest -p no:pytest11.testinfra
"""

STACK = """
import fixtures.stack
from types import SimpleNamespace

def open_stack(config, run):
    assert config.network == "sepolia"
    kube = SimpleNamespace(objects=lambda kind, namespace: [])
    cluster = SimpleNamespace(restarts=dict, kube=kube)
    return SimpleNamespace(cluster=cluster, components={}, up=None, site=SimpleNamespace(paths=run.paths, config=config))

fixtures.stack.open_stack = open_stack
"""

SUITE = """
import pathlib, pytest

@pytest.mark.control("EXE-002")
def test_peers(stack):
    peers = pathlib.Path(__file__).parents[2].joinpath("peers").read_text()
    assert peers == "2", f"geth-1 has {peers} of 2 peers"

@pytest.mark.control("CLU-001")
def test_nodes(stack): pass
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose stack is one file, with the number of peers in it."""
    (tmp_path / "suites" / "local").mkdir(parents=True)
    (tmp_path / "charts").mkdir()
    (tmp_path / "local" / "images").mkdir(parents=True)
    (tmp_path / "suites" / "local" / "test_execution.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text() + STACK)
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "peers").write_text("2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(events, "_current", events.Stream("test"))
    return tmp_path


@pytest.fixture
def faults(checkout, monkeypatch):
    """A fault that the control notices, one that it does not, and the stack that they break."""

    @undo.cure("peers")
    def peers(stack, *, count):
        (checkout / "peers").write_text(count)

    @registry.fault("peers-cut", breaks="EXE-002", injured="geth-1", green=("CLU-001",))
    def cut(stack):
        """Both peers of geth-1 are cut."""
        with undo.undone_by(stack, "peers", count="2"):
            (checkout / "peers").write_text("0")
            yield

    @registry.fault("nothing", breaks="EXE-002", injured="geth-1", within_s=0)
    def nothing(stack):
        """Nothing is done."""
        yield

    config = Config(network="sepolia")
    stack = SimpleNamespace(
        site=SimpleNamespace(paths=Paths.of(checkout), config=config),
        cluster=SimpleNamespace(standing=lambda: True, owned=lambda: True),
        standing=True,
        steady=lambda within_s: None,
    )
    monkeypatch.setattr(plumbline.faults.cli, "_stack", lambda _: stack)
    return stack


def test_caught_from_the_command_line(faults, checkout, capsys):
    (checkout / "peers").write_text("0")  # what an interrupted run left
    undo.Journal(undo.folder_of(faults)).add("peers", {"count": "2"})

    assert main(["run", "--fault", "peers-cut", "--network", "sepolia"]) == 0

    said = capsys.readouterr().out
    assert "healed what an interrupted run left: peers count=2" in said
    assert "geth-1 has 0 of 2 peers" in said
    assert "1 of 1 faults caught" in said
    assert (checkout / "peers").read_text() == "2"
    assert not (undo.folder_of(faults) / "active.json").exists()
    (file,) = checkout.glob(".plumbline/reports/*/faults.json")
    (verdict,) = json.loads(file.read_text())
    assert (verdict["fault"], verdict["outcome"], verdict["injured"]) == ("peers-cut", "caught", "geth-1")
    assert state.read_json(file.parent / "peers-cut-under" / "results.json")["exit_code"] == 1


def test_missed_from_the_command_line(faults, capsys):
    assert main(["run", "--fault", "nothing", "--network", "sepolia", "--no-check-before"]) == 1
    assert "green under the fault" in capsys.readouterr().out


def test_what_is_in_no_whole_stack_is_broken_only_when_it_is_named(faults, capsys):
    @registry.fault("apart", breaks="EXE-002", injured="geth-1", suite="gitops")
    def apart(stack):
        """Nothing that a whole stack has."""
        yield

    main(["run", "--all", "--network", "sepolia", "--no-check-before"])

    said = capsys.readouterr().out
    assert "peers-cut" in said
    assert "apart" not in said


def test_tests_that_give_no_result_are_not_a_judgement(checkout):
    (checkout / "suites" / "local" / "test_execution.py").write_text("import nowhere\n")
    with pytest.raises(JudgeFailed, match=r"(?s)the tests of EXE-002 gave no result: .*nowhere"):
        PytestJudge(checkout, checkout / "evidence", Config(network="sepolia"))(["EXE-002"], label="x")


def test_what_needs_no_stack_is_judged_without_one(checkout):
    (checkout / "suites" / "prod").mkdir()
    (checkout / "suites" / "prod" / "test_charts.py").write_text(
        'import pytest\n@pytest.mark.control("EXE-002")\ndef test_charts(): pass\n'
    )
    judge = PytestJudge(checkout, checkout / "evidence", Config(network="sepolia"), "suites/prod")

    (judged,) = judge(["EXE-002"], label="x").tests

    assert judged.id.startswith("suites/prod/test_charts.py")


def test_some_tests_of_a_control_are_judged_alone(checkout):
    file = checkout / "suites" / "local" / "test_execution.py"
    file.write_text(
        file.read_text()
        + '\n@pytest.mark.control("EXE-002")\n@pytest.mark.parametrize("n", ["a b", "c"])\ndef test_more(n): pass\n'
    )
    judge = PytestJudge(checkout, checkout / "evidence", Config(network="sepolia"))
    one = "suites/local/test_execution.py::test_more[a b]"

    assert len(judge(["EXE-002"], label="all").tests) == 3
    assert [test.id for test in judge(["EXE-002"], label="one", tests=[one]).tests] == [one]


@pytest.mark.parametrize(
    ("words", "outcomes"),
    [
        (("geth-1", "of 2 peers"), ["failed", "skipped", "passed"]),
        (("geth-2",), ["failed", "passed", "passed"]),
    ],
    ids=["said", "not said"],
)
def test_no_more_tests_of_a_control_are_run_once_one_has_said_enough(checkout, words, outcomes):
    file = checkout / "suites" / "local" / "test_execution.py"
    more = '\n@pytest.mark.control("EXE-002")\ndef test_slow(): pass\n\n@pytest.mark.control("EXE-002", "CLU-001")\ndef test_both(): pass\n'
    file.write_text(file.read_text().replace('\n@pytest.mark.control("CLU-001")\ndef test_nodes(stack): pass\n', more))
    (checkout / "peers").write_text("0")
    judge = PytestJudge(checkout, checkout / "evidence", Config(network="sepolia"))

    judged = judge(["EXE-002"], label="x", enough=Enough("EXE-002", words))

    assert [test.outcome for test in judged.tests] == outcomes


def test_a_forked_pytest_judges_like_one_that_started_afresh(checkout):
    (checkout / "peers").write_text("0")
    config, evidence = Config(network="sepolia"), checkout / "evidence"

    found = [
        PytestJudge(checkout, evidence, config, pytest=way)(["EXE-002"], label=name).red("EXE-002")
        for name, way in (("afresh", afresh), ("forked", Forked(["pytest"])))
    ]

    assert found[0] == found[1]
    assert [test.message.partition("\n")[0] for test in found[1]] == ["geth-1 has 0 of 2 peers"]


def test_a_forked_pytest_is_ended_at_its_deadline(checkout):
    (checkout / "suites" / "local" / "test_execution.py").write_text("while True: pass\n")

    with pytest.raises(StillRunning, match="still running after"):
        Forked(["pytest"])(["suites/local"], checkout, within_s=0.2)


def test_what_the_conformance_run_proves_is_judged_by_it(checkout):
    (checkout / "suites" / "dr").mkdir()
    (checkout / "suites" / "dr" / "test_drills.py").write_text(
        'import pytest\n@pytest.mark.control("EXE-002")\ndef test_long(): pass\n'
    )

    judged = PytestJudge(checkout, checkout / "evidence", Config(network="sepolia"))(["EXE-002"], label="x").tests

    assert [test.id for test in judged] == ["suites/local/test_execution.py::test_peers"]
