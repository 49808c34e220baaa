"""A run that came to its end hands its results in; one that was cut short does not, and what cannot be handed in is an error."""

import pytest

from reports import handing_in

URL = "http://keeper.invalid:8080/runs/nightly-1/0/1"
TWO = """
@pytest.mark.control("EXE-001")
def test_ids(): assert {ids}
@pytest.mark.control("EXE-002")
def test_peers(): {peers}
"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was put, and to where; the run within takes the option."""
    calls: list[str] = []

    class Answer:
        def raise_for_status(self) -> None:
            if "refused" in calls[-1]:
                raise OSError("nobody answers")

    def put(url: str, **_: object) -> Answer:
        calls.append(url)
        return Answer()

    monkeypatch.setattr(handing_in.httpx, "put", put)
    return calls


@pytest.fixture
def run(report, pytester: pytest.Pytester):
    pytester.makepyfile(conftest='pytest_plugins = ["reports.plugin", "reports.handing_in"]')
    return lambda source, *words: report(source, *words).result


@pytest.mark.parametrize("ids", [True, False])
def test_what_was_judged_is_handed_in_whatever_it_is(run, sent: list[str], ids: bool):
    result = run(TWO.format(ids=ids, peers="pass"), f"--hand-in={URL}")

    assert sent == [URL]
    assert result.ret == (pytest.ExitCode.OK if ids else pytest.ExitCode.TESTS_FAILED)


def test_a_run_that_was_cut_short_is_no_result(run, sent: list[str]):
    run(TWO.format(ids=True, peers='pytest.exit("it may write", returncode=3)'), f"--hand-in={URL}")

    assert sent == []


def test_nothing_is_sent_unasked(run, sent: list[str]):
    run(TWO.format(ids=True, peers="pass"))

    assert sent == []


def test_who_cannot_hand_in_says_so_and_did_not_succeed(run, sent: list[str]):
    result = run(TWO.format(ids=True, peers="pass"), "--hand-in=http://refused.invalid/")

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert "the results could not be handed in at http://refused.invalid/: nobody answers" in result.stdout.str()
