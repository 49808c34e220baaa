"""The profile of a bring-up in words: its critical path, and every step with what it waited for."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.bench.figures import table
from plumbline.bench.profile import Profile, Step


def lines(profile: Profile, picture: str) -> Iterator[str]:
    """Yield the profile as Markdown: the figures, the critical path, and every step with what it waited for."""
    yield from (f"# Bring-up {profile.run}", "", f"![the bring-up over time]({picture})", "")
    yield f"{profile.seconds:.1f} s from the first step to all ready; processors busy {100 * profile.busy:.0f} % of it."
    yield from ("", "## Critical path", "")
    yield from table(("step", "began", "ended", "seconds", "of which"), [_of_path(step) for step in profile.critical])
    yield from ("", "## Who waited for whom", "")
    header = ("step", "began", "ready", "seconds", "waited for", "slack")
    yield from table(header, [_of_step(profile, step) for step in profile.steps.values()])
    yield from ("", "Slack: how many seconds later it could have been ready without making the whole longer.")
    for step in profile.critical:
        if step.seen:
            yield from ("", f"## {step.name}: what its wait saw", "")
            yield from table(("at", "state"), [(f"{at:.1f} s", state) for at, state in step.seen])


def _of_path(step: Step) -> tuple[str, ...]:
    parts = ", ".join(f"{part.name} {part.seconds:.1f}" for part in step.parts)
    return (step.name, f"{step.span.start_s:.1f}", f"{step.span.end_s:.1f}", f"{step.span.seconds:.1f}", parts)


def _of_step(profile: Profile, step: Step) -> tuple[str, ...]:
    gate, slack_s = profile.gate(step), profile.slack_s[step.name]
    times = (step.span.start_s, step.span.end_s, step.span.seconds)
    waited_for = gate.name if gate is not None else ""
    return (step.name, *(f"{seconds:.1f}" for seconds in times), waited_for, f"{max(0.0, slack_s):.1f}")
