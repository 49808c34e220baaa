"""From tests to claims: what each control's tests together say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reports.catalogue import Catalogue
from reports.model import Control, Test

NOT_SELECTED = "not part of this selection"
PLANNED = "no test yet"
NOT_REACHED = "selected, but the run ended before it"


def by_control(catalogue: Catalogue, tests: Iterable[Test], left_out: Mapping[str, str]) -> tuple[Control, ...]:
    """Return a verdict on every control: those of the catalogue in its order, then any that it does not know.

    Args:
        catalogue: the claims.
        tests: what ran.
        left_out: controls of tests that were collected and did not run, with the reason.
    """
    own: dict[str, list[Test]] = {}
    for test in tests:
        for control in test.controls:
            own.setdefault(control, []).append(test)
    known = [entry.id for entry in catalogue.controls if entry.state != "retired"]
    unknown = sorted({*own, *left_out} - set(known))
    return tuple(_judge(catalogue, identity, own.get(identity, []), left_out) for identity in [*known, *unknown])


def _judge(catalogue: Catalogue, identity: str, tests: Sequence[Test], left_out: Mapping[str, str]) -> Control:
    """Say of one control: proved, failed, or not run, and why."""
    entry = catalogue.find(identity)
    claim = entry.claim if entry else "(not in the catalogue)"
    seconds = round(sum(test.seconds for test in tests), 3)
    ids = tuple(test.id for test in tests)
    tried = [test for test in tests if test.tried]
    untried = [test for test in tests if not test.tried]
    red = [test for test in tried if test.outcome in ("failed", "error")]
    if red:
        return Control(identity, claim, "failed", "; ".join(_complaint(test) for test in red), seconds, ids)
    if tried:
        partly = f"{len(untried)} of {len(tests)} tests not run: {_reasons(untried)}" if untried else ""
        return Control(identity, claim, "proved", partly, seconds, ids)
    if untried:
        return Control(identity, claim, "not run", _reasons(untried), seconds, ids)
    planned = entry is not None and entry.state == "planned"
    return Control(identity, claim, "not run", left_out.get(identity, PLANNED if planned else NOT_SELECTED))


def _complaint(test: Test) -> str:
    """Return the first line of what a red test said; the parts of a set-up or tear-down say where they broke."""
    if test.failure is None:
        return test.outcome
    first = next(iter(test.failure.message.strip().splitlines()), "(no message)")
    return first if test.failure.phase == "call" else f"{test.failure.phase}: {first}"


def _reasons(tests: Iterable[Test]) -> str:
    """Return the different reasons of tests that were not run, each once."""
    said = (test.reason or (test.failure.message if test.failure else "") or "skipped" for test in tests)
    return "; ".join(dict.fromkeys(said))
