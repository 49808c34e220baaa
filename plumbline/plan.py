"""What a run would do, told before anything is touched: the DAG, the images, the controls, and the minutes that it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from statistics import median

from plumbline.controls import CATALOGUE
from plumbline.core import state
from plumbline.core.paths import Paths
from plumbline.dag import closure
from plumbline.evidence import record
from plumbline.images import builder, commands, supply
from plumbline.stack import Stack


def render(stack: Stack) -> str:
    """Return the plan of a run on a stack as text."""
    sections = (_bring_up(stack), _images(stack), _controls(stack.site.paths))
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _bring_up(stack: Stack) -> Iterator[str]:
    expected_s = stack.expected_s()
    takes = f"about {expected_s:.0f} s, as before" if expected_s is not None else "how long is not known yet"
    standing = stack.standing
    yield f"Bring-up ({takes}; {'the stack stands' if standing else 'no stack stands'})"
    for name, component in closure(stack.components, list(stack.components)).items():
        yield f"  {name:<16} {'after ' + ', '.join(component.needs) if component.needs else 'first'}"


def _images(stack: Stack) -> Iterator[str]:
    paths = stack.site.paths
    mode = supply.mode(paths, stack.site.config)
    verb = "pulled" if mode == "pull" else "built here"
    left_s = builder.left_s(paths) if mode == "build" else 0.0
    yield f"Images ({verb}; {_minutes(left_s) + ' of building left' if left_s else 'nothing left to build'})"
    yield from (f"  {line}" for line in commands.listed(paths))


def _controls(paths: Paths) -> Iterator[str]:
    families = state.read_toml(paths.root / CATALOGUE, CATALOGUE)
    proved = {
        family: [number for number, entry in table["controls"].items() if entry.get("state") == "implemented"]
        for family, table in families.items()
    }
    count, known = sum(map(len, proved.values())), sum(len(table["controls"]) for table in families.values())
    seconds = _usual_s(record.read(paths.state / record.FILE))
    takes = f"; {_minutes(seconds)}, as before" if seconds else ""
    yield f"Controls to be proved ({count} of {known}{takes})"
    yield from (f"  {family}  {' '.join(numbers)}" for family, numbers in proved.items() if numbers)


def _usual_s(runs: Iterable[record.Entry]) -> float:
    """Return the seconds of all tests that are known, each as it usually takes."""
    taken: dict[str, list[float]] = {}
    for run in runs:
        for test, trial in run.tests.items():
            taken.setdefault(test, []).append(trial.seconds)
    return sum(median(seconds) for seconds in taken.values())


def _minutes(seconds: float) -> str:
    return f"about {math.ceil(seconds / 60)} min"
