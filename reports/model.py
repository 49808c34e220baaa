"""The result model: what a run proved, control by control. Plain frozen data; every writer reads this and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

TestOutcome = Literal["passed", "failed", "error", "skipped"]
Verdict = Literal["proved", "failed", "not run"]
Phase = Literal["setup", "call", "teardown", "crash"]
FailureKind = Literal["assertion", "timeout", "error", "not tried"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
OUTCOMES: tuple[TestOutcome, ...] = get_args(TestOutcome)
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Description:
    """What a test says of itself: the sections of its docstring."""

    summary: str = ""
    preconditions: str = ""
    steps: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Step:
    """Something that a test did, or waited for, with what it did within."""

    name: str
    seconds: float = 0.0
    ok: bool = True
    error: str = ""
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Step:
        """Return one from plain data."""
        return cls(**{**plain, "steps": tuple(map(cls.of, plain["steps"]))})


@dataclass(frozen=True)
class Attachment:
    """A file of evidence.

    Attributes:
        name: what it is, in words.
        media_type: such as "text/plain" (RFC 6838).
        file: where it is, relative to the run's folder; empty where the run keeps no files.
        size_bytes: its size.
    """

    name: str
    media_type: str
    file: str
    size_bytes: int


@dataclass(frozen=True)
class Figure:
    """A number that the run measured.

    Attributes:
        name: what was measured.
        value: the number.
        unit: its unit, such as "s".
        target: what it should be at most, where somebody said so.
        bound: above which it is a failure, where somebody said so.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    bound: float | None = None

    @property
    def within(self) -> bool:
        """Whether it is at or below its bound (always, where it has none)."""
        return self.bound is None or self.value <= self.bound


@dataclass(frozen=True)
class Failure:
    """How a test went wrong.

    Attributes:
        phase: in which part of the test.
        kind: its own assertion, a wait that ran out, anything else, or that the claim could not even be tried.
        message: what the assertion said, without a traceback.
        text: the traceback as pytest prints it.
    """

    phase: Phase
    kind: FailureKind
    message: str
    text: str = ""


@dataclass(frozen=True)
class Test:
    """One test of one run.

    Attributes:
        id: pytest's node id.
        outcome: error means that set-up or tear-down went wrong.
        controls: what it proves.
        description: what it says of itself.
        reason: why it was skipped.
        failure: how it went wrong, if it did.
        shared_seconds: what was set up for the whole run just before it, such as the stack.
        setup_seconds: its own set-up, without that.
        call_seconds: the test itself.
        teardown_seconds: its tear-down.
        worker: the process that ran it, where there were several.
        steps: what it did.
        attachments: files of evidence.
        figures: what it measured.
    """

    __test__ = False  # pytest would collect it for its name

    id: str
    outcome: TestOutcome
    controls: tuple[str, ...] = ()
    description: Description = Description()
    reason: str = ""
    failure: Failure | None = None
    shared_seconds: float = 0.0
    setup_seconds: float = 0.0
    call_seconds: float = 0.0
    teardown_seconds: float = 0.0
    worker: str = ""
    steps: tuple[Step, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    figures: tuple[Figure, ...] = ()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Test:
        """Return one from plain data."""
        made = {
            "controls": tuple(plain["controls"]),
            "description": Description(**plain["description"]),
            "failure": Failure(**plain["failure"]) if plain["failure"] else None,
            "steps": tuple(map(Step.of, plain["steps"])),
            "attachments": tuple(Attachment(**each) for each in plain["attachments"]),
            "figures": tuple(Figure(**each) for each in plain["figures"]),
        }
        return cls(**{**plain, **made})

    @property
    def seconds(self) -> float:
        """Wall time of its own phases."""
        return self.setup_seconds + self.call_seconds + self.teardown_seconds

    @property
    def tried(self) -> bool:
        """Whether the claim was put to the test at all."""
        return self.outcome != "skipped" and not (self.failure is not None and self.failure.kind == "not tried")


@dataclass(frozen=True)
class Control:
    """One claim, and what this run can say of it.

    Attributes:
        id: the control's id.
        claim: the claim, in words.
        verdict: proved, failed, or not run.
        reason: why it failed or was not run, or what a proof leaves out.
        seconds: wall time of its tests.
        tests: ids of its tests in this run.
    """

    id: str
    claim: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0
    tests: tuple[str, ...] = ()

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Control:
        """Return one from plain data, of which its family follows."""
        return cls(**{key: value for key, value in plain.items() if key != "family"} | {"tests": tuple(plain["tests"])})

    @property
    def family(self) -> str:
        """The part of the id before the number."""
        return family_of(self.id)


@dataclass(frozen=True)
class Run:
    """Everything that one run found.

    Attributes:
        name: the run's name; its folder is called so.
        started: when it began (UTC, RFC 3339).
        seconds: how long it took.
        exit_code: pytest's exit code; None where the run was killed before its end.
        environment: what it ran on and with.
        images: digest of each image that ran, by name and tag.
        controls: the catalogue's controls, in its order, with what is known of each now.
        tests: every test that ran.
        figures: what was measured, of the run and of its tests.
        remarks: what a reader should know beside, in sentences.
        resume: the command that goes on where a failed run stopped; empty after a green one.
    """

    name: str
    started: str
    seconds: float
    exit_code: int | None
    environment: Mapping[str, str]
    controls: tuple[Control, ...]
    tests: tuple[Test, ...]
    figures: tuple[Figure, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    resume: str = ""

    def of_verdict(self, verdict: Verdict) -> tuple[Control, ...]:
        """Return the controls with this verdict."""
        return tuple(control for control in self.controls if control.verdict == verdict)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Run:
        """Return one from what :meth:`as_json` made of it."""
        made = {
            "controls": tuple(map(Control.of, plain["controls"])),
            "tests": tuple(map(Test.of, plain["tests"])),
            "figures": tuple(Figure(**each) for each in plain["figures"]),
            "remarks": tuple(plain["remarks"]),
        }
        return cls(**{key: value for key, value in plain.items() if key != "version"} | made)

    def as_json(self) -> dict[str, Any]:
        """Return the run as reports/schema.json describes it."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            "version": SCHEMA_VERSION,
            **plain,
            "environment": dict(self.environment),
            "images": dict(self.images),
            "controls": [{**dataclasses.asdict(control), "family": control.family} for control in self.controls],
            "tests": [dataclasses.asdict(test) for test in self.tests],
            "figures": [dataclasses.asdict(figure) for figure in self.figures],
        }


def family_of(control: str) -> str:
    """Return the family of a control's id, "EXE" of "EXE-002"."""
    return control.partition("-")[0]
