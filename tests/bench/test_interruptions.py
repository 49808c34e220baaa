"""Interruptions: their moments, what they hit, how they are judged."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.bench import commands, interruptions
from plumbline.bench.commands import Commands, Ended, StillRunning
from plumbline.bench.interruptions import SIGNALS, Interruption, Plan, open_phases, plans
from plumbline.components.node.belongings import Belonging

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GOOD = Ended(0, 40.0, "")


@given(st.integers(1, 60), st.integers(), st.floats(1, 600))
def test_moments_are_spread_over_the_whole_and_signals_shared_equally(count: int, seed: int, within_s: float) -> None:
    made = plans(count, seed, within_s)
    shares = Counter(plan.sign for plan in made)

    assert made == plans(count, seed, within_s)
    assert max(shares.values()) - min(shares[sign] for sign in SIGNALS) <= 1
    for part, plan in enumerate(made):
        assert part * within_s / count - 1e-6 <= plan.after_s <= (part + 1) * within_s / count + 1e-6


def interruption(sign: signal.Signals, code: int, *, again: Ended = GOOD, left: frozenset[Belonging] = frozenset()):  # type: ignore[no-untyped-def]
    return Interruption(Plan(sign, 7.5), "cluster create", Ended(code, 7.6, "…", NOW), again, GOOD, left)


@pytest.mark.parametrize(
    ("sign", "code", "green"),
    [
        (signal.SIGINT, 130, True),
        (signal.SIGTERM, 143, True),
        (signal.SIGKILL, -9, True),
        (signal.SIGINT, 4, False),
        (signal.SIGTERM, -15, False),
        (signal.SIGINT, 70, False),
    ],
)
def test_an_interrupted_command_says_so_by_its_exit_code(sign: signal.Signals, code: int, green: bool) -> None:
    assert interruption(sign, code).green is green


def test_what_does_not_go_on_or_stays_is_told() -> None:
    failed = interruption(signal.SIGINT, 130, again=Ended(4, 3.0, "storage did not come up"))
    leaves = interruption(signal.SIGKILL, -9, left=frozenset({Belonging("volume", "abc")}))
    told = list(interruptions.lines([interruption(signal.SIGTERM, 143), failed, leaves]))

    assert told[3].split("|")[1:8:2] == [" 2   ", " 7.5 s ", " 130   ", " 3.0     "]
    assert told[-3:] == [
        "2: plumbline up ended with 4: storage did not come up",
        "3: left behind: volume abc",
        "1 of 3 interruptions went on to green and left nothing behind",
    ]


def test_one_that_comes_too_late_is_tried_again_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    class Script:
        def run(self, command: str) -> Ended:
            calls.append(command)
            return GOOD

        def interrupt(self, command: str, after_s: float, sign: signal.Signals) -> Ended:
            calls.append(after_s)
            return GOOD if after_s > 40 else Ended(130, after_s, "", NOW)

    plan, ended = interruptions._interrupt(cast("Commands", Script()), Plan(signal.SIGINT, 60.0))

    assert calls == [60, "down", 48, "down", pytest.approx(38.4)]
    assert (plan.sign, ended.code) == (signal.SIGINT, 130)


def test_the_innermost_open_phase_of_each_component_is_what_was_hit() -> None:
    def at(seconds: float, what: str, component: str, phase: str) -> dict[str, str]:
        stamp = (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        return {"t": stamp, "event": what, "component": component, "phase": phase}

    stream = [
        at(0, "phase-start", "stack", "up"),
        at(1, "phase-start", "cluster", "up"),
        at(2, "phase-start", "cluster", "create"),
        at(3, "phase-end", "cluster", "create"),
        at(3, "phase-start", "wait", "cluster ready"),
        at(4, "phase-end", "cluster", "up"),
        at(5, "phase-start", "storage", "up"),
        at(5, "phase-start", "ingress", "up"),
        at(6, "phase-end", "ingress", "up"),
    ]
    hit = {seconds: open_phases(stream, NOW + timedelta(seconds=seconds)) for seconds in (0.5, 2.5, 3.5, 5.5, 7)}

    assert hit == {
        0.5: "preparation",
        2.5: "cluster create",
        3.5: "cluster up",
        5.5: "storage up, ingress up",
        7: "storage up",
    }


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Commands that run a program of the test in place of ours."""

    def of(code: str) -> Commands:
        monkeypatch.setattr(Commands, "_argv", lambda self, command: [sys.executable, "-c", code, command])
        return Commands(tmp_path, (), {})

    return of


STAYS = "import signal; signal.pause()"


def test_a_command_is_interrupted_while_it_runs(program) -> None:  # type: ignore[no-untyped-def]
    ended = program(STAYS).interrupt("up", 0.3, signal.SIGKILL)

    assert ended.code == -9
    assert ended.interrupted_at is not None
    assert ended.seconds >= 0.3


def test_one_that_is_faster_is_not(program) -> None:  # type: ignore[no-untyped-def]
    ended = program("import sys; sys.stderr.write('up already')").interrupt("up", 60, signal.SIGINT)

    assert (ended.code, ended.said, ended.interrupted_at) == (0, "up already", None)


def test_one_that_will_not_end_is_named(program, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(commands, "_ENDS_WITHIN_S", 0.3)

    with pytest.raises(StillRunning, match="plumbline up still runs 0 s after SIGCONT"):
        program(STAYS).interrupt("up", 0.3, signal.SIGCONT)  # which ends nothing
