"""Shares of a run become one, and what was written is read as it was."""

from dataclasses import replace

from reports.merging import merged
from reports.model import Attachment, Control, Description, Failure, Figure, Run, Step, Test

WAS = "2026-11-27T12:00:00+00:00"
LATER = "2026-11-27T12:00:30+00:00"
RED = Test(
    "a",
    "failed",
    ("EXE-001",),
    Description("it is so"),
    failure=Failure("call", "assertion", "it is not"),
    call_seconds=3.0,
    steps=(Step("look", 1.0, steps=(Step("closer"),)),),
    attachments=(Attachment("map", "text/plain", "files/map.txt", 12),),
    figures=(Figure("heads", 3, "n"),),
)


def control(identity: str, verdict: str, *tests: str, reason: str = "", seconds: float = 0.0) -> Control:
    return Control(identity, "a claim", verdict, reason, seconds, tests)


def share(*controls: Control, **more) -> Run:
    facts = {"name": "share", "started": WAS, "seconds": 60.0, "exit_code": 0, "environment": {}, "tests": ()}
    return Run(**{**facts, "controls": controls, **more})


def test_what_was_written_is_read_as_it_was():
    run = share(
        control("EXE-001", "failed", "a", reason="it is not", seconds=3.0),
        tests=(RED,),
        figures=RED.figures,
        images={"a/b:1": "sha256:0"},
        remarks=("slow",),
    )

    assert Run.of(run.as_json()) == run


def test_a_control_has_the_worst_verdict_that_a_share_found():
    left, why = control("EXE-001", "not run", reason="left to another shard"), "the map names none"
    whole = merged(
        "nightly-1",
        [
            share(left, control("EXE-002", "proved", "b", seconds=1.0), control("EXE-003", "not run", "c", reason=why)),
            share(
                control("EXE-001", "failed", "a", reason="it is not"), control("EXE-002", "proved", "d", seconds=2.0)
            ),
            share(replace(left, id="EXE-003")),
        ],
    )

    said = {each.id: (each.verdict, each.reason, each.tests) for each in whole.controls}
    assert said == {
        "EXE-001": ("failed", "it is not", ("a",)),
        "EXE-002": ("proved", "", ("b", "d")),
        "EXE-003": ("not run", why, ("c",)),
    }
    assert [each.seconds for each in whole.controls] == [0.0, 3.0, 0.0]


def test_it_lasts_from_the_first_beginning_to_the_last_end_and_fails_where_one_did():
    whole = merged(
        "nightly-1", [share(seconds=70.0, started=LATER, exit_code=1, tests=(RED,)), share(remarks=("slow",))]
    )

    assert (whole.name, whole.started, whole.seconds, whole.exit_code) == ("nightly-1", WAS, 100.0, 1)
    assert (whole.tests, whole.remarks) == ((RED,), ("slow",))


def test_where_a_share_was_killed_the_run_was():
    assert merged("nightly-1", [share(), share(exit_code=None)]).exit_code is None
