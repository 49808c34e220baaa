"""The profile of a bring-up, read from its event stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plumbline.bench.profile import Profile, Span, Step
from plumbline.core import events, machine_load
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths

_WHOLE = ("stack", "up")


def last_run(paths: Paths) -> str:
    """Return the name of the last run that brought a stack up from nothing.

    Raises:
        UsageError: there is none.
    """
    for file in sorted(paths.runs.glob("*/events.jsonl"), reverse=True):
        if any(event["event"] == "ready" and event.get("created") for event in events.read(file)):
            return file.parent.name
    raise UsageError('no run brought a stack up from nothing yet: "make destroy all-local" does')


def load(paths: Paths, run: str) -> Profile:
    """Return the profile of a run by its name.

    Raises:
        UsageError: there is no such run, or no bring-up ended well in it.
    """
    file = paths.runs / run / "events.jsonl"
    if not file.exists():
        raise UsageError(f"there is no run {run}; those of this checkout are in {paths.runs}")
    found = of_events(run, events.read(file))
    if found is None:
        raise UsageError(f"no bring-up ended well in run {run}: name another, or none for the last that did")
    return found


def of_events(run: str, stream: Iterable[events.Event]) -> Profile | None:
    """Return the profile of the last bring-up in an event stream that ended well, or None where none did."""
    found, reading = None, None
    for event in stream:
        if _is(event, "phase-start", *_WHOLE):
            reading = _Reading(_time(event))
        elif reading is not None and _is(event, "phase-end", *_WHOLE):
            found = reading.profile(run, event["seconds"]) if event["ok"] else found
            reading = None
        elif reading is not None:
            reading.take(event)
    return found


@dataclass
class _Reading:
    """What was read of a bring-up so far."""

    began: float
    plan: Mapping[str, Any] = field(default_factory=dict)
    open: dict[tuple[str, str], float] = field(default_factory=dict)
    spans: dict[tuple[str, str], Span] = field(default_factory=dict)
    seen: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    load: list[tuple[float, float]] = field(default_factory=list)

    def take(self, event: events.Event) -> None:
        """Read one event."""
        at = _time(event) - self.began
        match event["event"]:
            case "plan":
                self.plan = event["steps"]
            case "phase-start":
                self.open[event["component"], event["phase"]] = at
            case "phase-end":
                key = event["component"], event["phase"]
                self.spans[key] = Span(event["phase"], self.open.pop(key, at), at)
            case "observed":
                self.seen.setdefault(event["named"], []).append((at, event["state"]))
            case machine_load.SAMPLE:
                self.load.append((at, event["busy"]))

    def profile(self, run: str, seconds: float) -> Profile:
        """Return what was read."""
        steps = [step for key, span in self.spans.items() if (step := self._step(*key, span)) is not None]
        steps.sort(key=lambda step: step.span.start_s)
        return Profile(run, seconds, {step.name: step for step in steps}, tuple(self.load))

    def _step(self, component: str, phase: str, span: Span) -> Step | None:
        name = _step(component, phase)
        if name not in self.plan:
            return None
        waited = f"{component} ready"
        own = {**self._of(component), "ready": self.spans.get(("wait", waited))} if phase == "up" else {}
        parts = [Span(what, part.start_s, part.end_s) for what, part in own.items() if part is not None]
        seen = tuple(self.seen.get(waited, ())) if phase == "up" else ()
        return Step(Span(name, span.start_s, span.end_s), tuple(self.plan[name]), tuple(parts), seen)

    def _of(self, component: str) -> dict[str, Span | None]:
        """Return a component's phases but its steps."""
        own = {phase: span for (of, phase), span in self.spans.items() if of == component}
        return {phase: span for phase, span in own.items() if _step(component, phase) not in self.plan}


def _step(component: str, phase: str) -> str:
    """Return the name of the step that a phase of a component would be."""
    return component if phase == "up" else f"{component}, {phase}"


def _is(event: events.Event, what: str, component: str, phase: str) -> bool:
    return bool((event["event"], event["component"], event.get("phase")) == (what, component, phase))


def _time(event: events.Event) -> float:
    return datetime.fromisoformat(event["t"]).timestamp()
