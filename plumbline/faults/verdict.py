"""What is made of a fault's judgement: caught, or in which way it was missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from plumbline.core import state
from plumbline.faults.judge import Judgement
from plumbline.faults.registry import Fault, Registry


class Outcome(StrEnum):
    """How a fault went. Anything but CAUGHT is a miss."""

    CAUGHT = "caught"
    RED_BEFORE = "red before"
    NOT_INJECTED = "not injected"
    GREEN_UNDER_FAULT = "green under the fault"
    WRONG_REASON = "red for the wrong reason"
    NOT_NAMED = "injured object not named"
    BYSTANDER_RED = "another control went red"
    NOT_HEALED = "not healed"
    RED_AFTER = "red after the heal"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Verdict:
    """The result of one fault.

    Attributes:
        fault: the fault.
        outcome: how it went.
        why: that in words; for a caught one, what the control's test said.
        detect_s: from the injection to the red judgement, in seconds.
        heal_s: from the heal to the steady state, in seconds.
        seconds: everything together.
    """

    fault: Fault
    outcome: Outcome
    why: str = ""
    detect_s: float | None = None
    heal_s: float | None = None
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        """Whether everything that was demanded happened."""
        return self.outcome is Outcome.CAUGHT

    @property
    def plain(self) -> dict[str, Any]:
        """It, as evidence keeps it."""
        return {
            "fault": self.fault.name,
            "control": self.fault.breaks,
            "injured": self.fault.injured,
            "green": list(self.fault.green),
            "static": self.fault.static,
            "outcome": self.outcome.value,
            "why": self.why,
            "detect_s": self.detect_s,
            "heal_s": self.heal_s,
            "seconds": self.seconds,
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any], faults: Registry) -> Verdict:
        """Return what was kept."""
        times = (plain["detect_s"], plain["heal_s"], plain["seconds"])
        return cls(faults.named(plain["fault"]), Outcome(plain["outcome"]), plain["why"], *times)


@dataclass(frozen=True)
class Record:
    """The verdicts of one run, whichever of its processes came to them: a file for each, so that no two write the same.

    Attributes:
        folder: where they are.
    """

    folder: Path

    def add(self, verdict: Verdict) -> None:
        """Keep one."""
        state.write_json(self.folder / f"{verdict.fault.name}.json", verdict.plain)

    def all(self, faults: Registry) -> list[Verdict]:
        """Return those so far, in the order of the register."""
        kept = {file.stem: state.read_json(file) for file in self.folder.glob("*.json")}
        return [Verdict.read(plain, faults) for fault in faults.all() if (plain := kept.get(fault.name))]


_RED_BY_ASSERTION = (Outcome.CAUGHT, Outcome.NOT_NAMED, Outcome.BYSTANDER_RED, Outcome.RED_AFTER)


def score(verdicts: Sequence[Verdict]) -> float:
    """Return the share of faults that were caught, 0 to 1; of none it is 1."""
    return _share([one.caught for one in verdicts])


def diagnosis(verdicts: Sequence[Verdict]) -> float:
    """Return the share that named what was hurt, of the faults that turned their control red by its assertion: 0 to 1."""
    return _share([one.outcome is not Outcome.NOT_NAMED for one in verdicts if one.outcome in _RED_BY_ASSERTION])


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held) if held else 1.0


Finding = tuple[Outcome, str]


def before(controls: Iterable[str], judgement: Judgement) -> Finding | None:
    """Say why a fault cannot be judged at all: a control that is not green now proves nothing when it is red later."""
    for control in controls:
        if not judgement.green(control):
            return Outcome.RED_BEFORE, f"{control} is not green without the fault: {_said(judgement, control)}"
    return None


def under(fault: Fault, judgement: Judgement) -> Finding:
    """Judge a fault while it acts: its control red by its own assertion, naming the injured; the others green."""
    red = judgement.red(fault.breaks)
    if not red:
        return Outcome.GREEN_UNDER_FAULT, f"{fault.breaks} did not notice: {_said(judgement, fault.breaks)}"
    asserted = [test for test in red if test.by_assertion]
    if not asserted:
        first = red[0]
        return (
            Outcome.WRONG_REASON,
            f"{first.id}: {first.kind} in {first.phase}, not its assertion: {_line(first.message)}",
        )
    for wanted in filter(None, (fault.check, fault.injured)):
        if not any(wanted in test.message for test in asserted):
            return Outcome.NOT_NAMED, f"{asserted[0].id} does not name {wanted}: {_line(asserted[0].message)}"
    named = [test for test in asserted if fault.injured in test.message]
    for control in fault.green:
        if not judgement.green(control):
            return Outcome.BYSTANDER_RED, f"{control} should have stayed green: {_said(judgement, control)}"
    return Outcome.CAUGHT, _line(named[0].message)


def after(fault: Fault, judgement: Judgement) -> Finding | None:
    """Say what is wrong after the heal, if anything."""
    if judgement.green(fault.breaks):
        return None
    return Outcome.RED_AFTER, f"{fault.breaks} is not green again: {_said(judgement, fault.breaks)}"


def _said(judgement: Judgement, control: str) -> str:
    """Return what a control's tests said, or that there are none."""
    tests = judgement.of(control)
    if not tests:
        return "it has no test"
    red = judgement.red(control)
    return _line(red[0].message) if red else ", ".join(f"{test.id} {test.outcome}" for test in tests)


def _line(message: str) -> str:
    return message.strip().partition("\n")[0]
