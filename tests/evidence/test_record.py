"""The record of tests: flaky ones and slower ones are found by it."""

from plumbline.evidence import record
from plumbline.evidence.record import Entry, Trial

COMMIT = "a" * 40


def entry(outcome: str, seconds: float = 1.0, commit: str = COMMIT) -> Entry:
    return Entry("run", commit, {"test_it": Trial(outcome, seconds)})


def test_red_and_green_on_one_commit_is_flaky():
    told = record.remarks([entry("failed"), entry("passed", commit="b" * 40)], entry("passed"))
    assert list(told) == ["test_it is flaky: red in 1 of 2 runs of commit aaaaaaaaaaaa"]


def test_nothing_is_said_of_a_checkout_with_changes():
    dirty = f"{COMMIT}-dirty"
    assert not list(record.remarks([entry("failed", commit=dirty)], entry("passed", commit=dirty)))


def test_red_on_another_commit_is_a_repair():
    assert not list(record.remarks([entry("failed", commit="b" * 40)], entry("passed")))


def test_what_takes_longer_than_it_used_to():
    earlier = [entry("passed", seconds) for seconds in (9.0, 10.0, 11.0)]
    (told,) = record.remarks(earlier, entry("passed", 20.0))
    assert told == "test_it took 20.0 s, 100 % more than the usual 10.0 s (median of 3)"


def test_how_long_a_red_test_took_tells_nothing():
    earlier = [entry("failed", seconds, "b" * 40) for seconds in (9.0, 10.0, 11.0)]
    assert not list(record.remarks(earlier, entry("passed", 20.0)))


def test_the_latest_runs_are_kept(tmp_path):
    file = tmp_path / record.FILE
    for number in range(35):
        record.add(file, Entry(str(number), COMMIT, {"test_it": Trial("passed", 1.0)}))
    kept = record.read(file)
    assert [one.run for one in kept] == [str(number) for number in range(5, 35)]
    assert kept[0].tests == {"test_it": Trial("passed", 1.0)}
