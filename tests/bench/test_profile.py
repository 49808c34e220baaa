"""The profile of a bring-up: gates, critical path, slack; read from an event stream, told and drawn."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.bench import picture, reading, words
from plumbline.bench.cli import main
from plumbline.bench.profile import Profile, Span, Step
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def event(at_s: float, component: str, what: str, **fields: Any) -> dict[str, Any]:
    stamp = (BEGAN + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
    return {"t": stamp, "run": "r", "component": component, "event": what, **fields}


def phase(component: str, name: str, start_s: float, end_s: float, *, ok: bool = True) -> list[dict[str, Any]]:
    ended = event(end_s, component, "phase-end", phase=name, ok=ok, seconds=end_s - start_s)
    return [event(start_s, component, "phase-start", phase=name), ended]


def stream(*, ok: bool = True) -> list[dict[str, Any]]:
    """A bring-up: the cluster, then storage and ingress beside each other, then the chain on storage."""
    steps = {
        "cluster": [],
        "storage, ahead": ["cluster"],
        "storage": ["cluster", "storage, ahead"],
        "ingress": ["cluster"],
        "execution": ["storage"],
    }
    begins, ends = phase("stack", "up", 0, 40, ok=ok)
    happened = [
        event(0, "stack", "plan", steps=steps),
        *phase("cluster", "up", 0, 12),
        *phase("cluster", "create", 0.1, 10),
        *phase("storage", "ahead", 12, 13),
        *phase("storage", "up", 13, 20),
        *phase("storage", "deploy", 13, 14),
        *phase("wait", "storage ready", 14, 20),
        event(15, "wait", "observed", named="storage ready", state="0 of 1 ready"),
        *phase("ingress", "up", 12, 30),
        *phase("execution", "up", 20, 40),
        event(1, "machine", "sample", busy=0.5),
        event(2, "machine", "sample", busy=1.0),
        event(40, "stack", "ready", created=True, seconds=40),
    ]
    return [begins, *sorted(happened, key=lambda one: one["t"]), ends]


def written(folder: Path, run: str, events: list[dict[str, Any]]) -> Paths:
    file = folder / "runs" / run / "events.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(one) + "\n" for one in events))
    return Paths(folder, folder, folder)


def of_stream() -> Profile:
    found = reading.of_events("r", stream())
    assert found is not None
    return found


def test_who_waited_for_whom() -> None:
    profile = of_stream()
    gates = {name: gate.name if (gate := profile.gate(step)) else None for name, step in profile.steps.items()}

    assert gates == {
        "cluster": None,
        "storage, ahead": "cluster",
        "storage": "storage, ahead",
        "ingress": "cluster",
        "execution": "storage",
    }
    assert [step.name for step in profile.critical] == ["cluster", "storage, ahead", "storage", "execution"]
    assert {name: round(slack, 3) for name, slack in profile.slack_s.items() if slack > 0.001} == {"ingress": 10.0}
    assert profile.busy == 0.75


def test_a_step_has_its_parts_and_what_its_wait_saw() -> None:
    storage = of_stream().steps["storage"]

    assert [(part.name, part.start_s, part.end_s) for part in storage.parts] == [("deploy", 13, 14), ("ready", 14, 20)]
    assert storage.seen == ((15, "0 of 1 ready"),)


def test_a_failed_or_unfinished_bring_up_has_no_profile() -> None:
    assert reading.of_events("r", stream(ok=False)) is None
    assert reading.of_events("r", stream()[:8]) is None
    assert reading.of_events("r", []) is None


def test_the_last_run_from_nothing_is_found(tmp_path: Path) -> None:
    reused = [one | {"created": False} if one["event"] == "ready" else one for one in stream()]
    written(tmp_path, "1-first", stream())
    written(tmp_path, "2-from-nothing", stream())
    paths = written(tmp_path, "3-used-again", reused)

    assert reading.last_run(paths) == "2-from-nothing"
    assert reading.load(paths, "2-from-nothing").seconds == 40
    with pytest.raises(UsageError, match="there is no run 4"):
        reading.load(paths, "4")


def test_no_run_is_an_error_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='"make destroy all-local" does'):
        reading.last_run(Paths(tmp_path, tmp_path, tmp_path))


def test_the_picture_shows_every_step_and_marks_the_path() -> None:
    drawn = ElementTree.fromstring(picture.draw(of_stream()))
    texts = {element.text for element in drawn.iter() if element.tag.endswith("text")}
    marked = [box for box in drawn.iter() if box.tag.endswith("rect") and box.get("stroke") == picture._PATH]

    assert {"cluster", "storage", "storage, ahead", "ingress", "execution"} <= texts
    assert len(marked) == len(of_stream().critical)


def test_the_command_writes_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = written(tmp_path, "r", stream())
    monkeypatch.setattr(Paths, "of", lambda: paths)

    assert main(["profile"]) == 0

    folder = paths.runs / "r"
    assert (folder / "profile.svg").read_text().startswith("<svg ")
    assert (folder / "profile.md").read_text() in capsys.readouterr().out


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Any bring-up: each step begins when all that it needs has ended, or a moment later."""
    moment = st.integers(0, 500).map(lambda number: number / 10)
    names = [f"s{number}" for number in range(draw(st.integers(1, 9)))]
    steps: dict[str, Step] = {}
    for number, name in enumerate(names):
        needs = draw(st.sets(st.sampled_from(names[:number]))) if number else set()
        start_s = max((steps[need].span.end_s for need in needs), default=0.0) + draw(moment) / 100
        steps[name] = Step(Span(name, start_s, start_s + draw(moment)), tuple(sorted(needs)))
    ordered = sorted(steps.values(), key=lambda step: step.span.start_s)
    return Profile("r", max(step.span.end_s for step in ordered), {step.name: step for step in ordered})


@given(profiles())
def test_the_critical_path_leads_to_the_last_step_and_each_waited_for_the_one_before(profile: Profile) -> None:
    path = profile.critical

    assert path[-1].span.end_s == profile.seconds
    assert not path[0].needs
    for before, after in pairwise(path):
        assert before.name in after.needs
        assert before.span.end_s <= after.span.start_s
        assert before.span.end_s == max(profile.steps[need].span.end_s for need in after.needs)


@given(profiles())
def test_slack_is_what_can_be_later_without_the_end_being_later(profile: Profile) -> None:
    for name, slack_s in profile.slack_s.items():
        assert slack_s >= -1e-9
        assert _end_when_later(profile, name, slack_s) <= profile.seconds + 1e-9
    idle_s = sum(after.span.start_s - before.span.end_s for before, after in pairwise(profile.critical))
    assert all(profile.slack_s[step.name] <= idle_s + 1e-9 for step in profile.critical)


def _end_when_later(profile: Profile, late: str, by_s: float) -> float:
    """When all is ready if one step takes longer, and the others begin as they did, or when what they need has ended."""
    ends: dict[str, float] = {}
    for name, step in profile.steps.items():
        start_s = max([step.span.start_s, *(ends[need] for need in step.needs)])
        ends[name] = start_s + step.span.seconds + (by_s if name == late else 0)
    return max(ends.values())


@given(profiles())
def test_any_profile_can_be_told_and_drawn(profile: Profile) -> None:
    ElementTree.fromstring(picture.draw(profile))
    told = "\n".join(words.lines(profile, "x.svg"))
    assert all(f"| {name} " in told for name in profile.steps)
