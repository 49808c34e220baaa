"""The profile of a bring-up: who waited for whom, what made it as long as it was, how busy the machine was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property


@dataclass(frozen=True)
class Span:
    """A named part of the bring-up's time, in seconds since it began."""

    name: str
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Step:
    """One step of the bring-up: a component coming up, or what is done for it ahead.

    Attributes:
        span: its name and when it was.
        needs: the steps before it.
        parts: what it did, as far as its phases tell.
        seen: what its wait for readiness saw, and when (seconds since the bring-up began).
    """

    span: Span
    needs: tuple[str, ...] = ()
    parts: tuple[Span, ...] = ()
    seen: tuple[tuple[float, str], ...] = ()

    @property
    def name(self) -> str:
        """Its name in the DAG."""
        return self.span.name


@dataclass(frozen=True)
class Profile:
    """A bring-up that ended well.

    Attributes:
        run: name of its run.
        seconds: how long it took.
        steps: its steps by name, in the order in which they began.
        load: the share of processor time that was busy, in the interval that ended at a moment (seconds since it began).
    """

    run: str
    seconds: float
    steps: Mapping[str, Step]
    load: tuple[tuple[float, float], ...] = ()

    def gate(self, step: Step) -> Step | None:
        """Return what a step waited for: of what it needs, that which was ready last."""
        needs = [self.steps[name] for name in step.needs if name in self.steps]
        return max(needs, key=lambda need: need.span.end_s, default=None)

    @cached_property
    def critical(self) -> tuple[Step, ...]:
        """The critical path: the last step to end, what it waited for, what that waited for, and so on; first things first."""
        path: list[Step] = []
        step = max(self.steps.values(), key=lambda one: one.span.end_s, default=None)
        while step is not None:
            path.insert(0, step)
            step = self.gate(step)
        return tuple(path)

    @cached_property
    def slack_s(self) -> Mapping[str, float]:
        """How much later each step could have ended, in seconds, without anything being ready later at the end."""
        end_s = max((step.span.end_s for step in self.steps.values()), default=0.0)

        @cache
        def latest_end_s(name: str) -> float:
            after = (step for step in self.steps.values() if name in step.needs)
            return min((latest_end_s(step.name) - step.span.seconds for step in after), default=end_s)

        return {name: latest_end_s(name) - step.span.end_s for name, step in self.steps.items()}

    @property
    def busy(self) -> float:
        """The mean share of processor time that was busy, 0 to 1."""
        return sum(busy for _, busy in self.load) / len(self.load) if self.load else 0.0
