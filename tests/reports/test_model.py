"""From tests to verdicts, and the small parts of the report."""

import pytest

from reports import docstrings, evidence, redact
from reports.catalogue import Catalogue, Entry, Family
from reports.grouping import by_control
from reports.model import Control, Failure, Figure, Run, Test
from reports.writers import markdown, summary

CATALOGUE = Catalogue(
    (
        Family(
            "EXE",
            "Execution",
            (
                Entry("EXE-001", "ids", "implemented"),
                Entry("EXE-002", "peers", "planned"),
                Entry("EXE-003", "old", "retired"),
            ),
        ),
    )
)


def verdicts(*tests: Test, left_out=None) -> dict[str, tuple[str, str]]:
    return {control.id: (control.verdict, control.reason) for control in by_control(CATALOGUE, tests, left_out or {})}


def test_one_red_test_fails_the_control():
    green = Test("a", "passed", ("EXE-001",))
    red = Test("b", "failed", ("EXE-001",), failure=Failure("call", "assertion", "geth-1 lags\nmore"))
    assert verdicts(green, red)["EXE-001"] == ("failed", "geth-1 lags")


def test_nothing_ran():
    assert verdicts() == {"EXE-001": ("not run", "not part of this selection"), "EXE-002": ("not run", "no test yet")}


def test_left_out_says_why():
    assert verdicts(left_out={"EXE-001": "-m dr"})["EXE-001"] == ("not run", "-m dr")


def test_a_stack_that_did_not_come_up_proves_and_disproves_nothing():
    untried = Test("a", "error", ("EXE-001",), failure=Failure("setup", "not tried", "geth did not come up"))
    assert verdicts(untried, untried)["EXE-001"] == ("not run", "geth did not come up")
    assert verdicts(untried, Test("b", "passed", ("EXE-001",)))["EXE-001"][0] == "proved"


def test_a_control_that_the_catalogue_lacks_is_shown_all_the_same():
    (unknown,) = [
        control for control in by_control(CATALOGUE, [Test("a", "passed", ("XYZ-001",))], {}) if control.family == "XYZ"
    ]
    assert (unknown.verdict, unknown.claim) == ("proved", "(not in the catalogue)")


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLW9mLWl0",
        "Authorization: Bearer abc.def-123",
        '{"password": "correct horse"}',
        "token=0123456789abcdef",
        "nodekey: 5a1f9e",
    ],
)
def test_secrets_are_blotted_out(secret):
    shown = redact.redact(f"before {secret} after")
    assert redact.MARK in shown
    assert not {"MHcCAQEE", "c2lnbmF0dXJl", "abc.def-123", "correct", "0123456789abcdef", "5a1f9e"} & set(
        shown.replace('"', " ").split()
    )
    assert shown.startswith("before ")


@pytest.mark.parametrize(
    "harmless",
    [
        "block 0x4f1dd23188aab3a0e1d4a0b3b1c7a7e0e5f1dd23188aab3a0e1d4a0b3b1c7a7e",
        "--authrpc.jwtsecret=/jwt/jwt.hex",
        "--nodekey=/keys/geth-0",
        'Secret "engine-jwt" not found',
        "tokens: 3",
    ],
)
def test_what_is_no_secret_stays(harmless):
    assert redact.redact(harmless) == harmless


def test_named_secrets_are_blotted_out(monkeypatch):
    monkeypatch.setattr(redact, "_named", set())
    redact.hide("s3cr3t-value")
    redact.hide("abc")  # would turn up in the middle of words
    assert redact.redact("the s3cr3t-value of abc") == f"the {redact.MARK} of abc"


def test_long_text_loses_its_middle():
    text = evidence.clip("a" * 60 + "b" * 60, 40)
    assert text.startswith("a" * 20 + "\n[... 80 characters left out ...]\n")
    assert text.endswith("b" * 20)


def test_names_of_files():
    assert (
        evidence.slug("suites/local/test_execution.py::test_heads[geth-1]")
        == "suites-local-test-execution.py-test-heads-geth-1"
    )
    assert evidence.slug("::") == "unnamed"
    assert len(evidence.slug("x" * 500)) == 100


@pytest.mark.parametrize(
    ("docstring", "sections"),
    [
        (None, {}),
        ("Only a summary.", {"summary": "Only a summary."}),
        ("Say.\n\n    Expected: all\n    is well.", {"summary": "Say.", "expected": "all is well."}),
        ("preconditions : a\nSTEPS: b: c\nExpected: d", {"preconditions": "a", "steps": "b: c", "expected": "d"}),
    ],
)
def test_docstrings(docstring, sections):
    assert docstrings.describe(docstring) == sections


def run(**more) -> Run:
    control = Control("EXE-001", "a claim | with a bar", "failed", "geth-1 lags", 3.0, ("a",))
    facts = {"controls": (control,), "tests": (), "figures": (Figure("bring-up", 71.2, "s", 40, 60),)}
    return Run("r", "2026-11-23T20:00:00+00:00", 60.0, 1, {"network": "devnet"}, **{**facts, **more})


def test_a_figure_over_its_bound_stands_out():
    lines = list(summary.lines(run(), 80))
    assert any(line.colour == "red" and "bring-up" in line.text and "71.2" in line.text for line in lines)
    assert "| bring-up | 71.2 s ❌ | 40 | 60 |" in list(markdown.lines(run()))


def test_no_line_is_wider_than_the_terminal():
    claim = Control("EXE-001", "x" * 300, "failed", "y" * 300, 3.0, ("a",))
    assert max(len(line.text) for line in summary.lines(run(controls=(claim,)), 80)) <= 80


def test_markdown_holds_together():
    lines = list(markdown.lines(run(resume="pytest --last-failed")))
    assert "| EXE-001 | ❌ failed | a claim \\| with a bar | 3.0 | geth-1 lags |" in lines
    assert "pytest --last-failed" in lines
