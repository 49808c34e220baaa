"""metrics.prom: the verdicts, durations and figures of a run for Prometheus (https://prometheus.io/docs/specs/om/open_metrics_spec/).

Every metric is a gauge, so that the older text format reads it, too (the textfile collector of node-exporter does). The names
and labels are kept: others build alerts and panels on them. docs/architecture.md lists them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from reports.model import OUTCOMES, VERDICTS, Figure, Run
from reports.writers import files

NAME = "metrics.prom"
Sample = tuple[Mapping[str, str], float]


def write(run: Run, folder: Path) -> Path:
    """Write the run into its folder and return the file."""
    file = folder / NAME
    files.write(file, "\n".join(lines(run)) + "\n")
    return file


def lines(run: Run) -> Iterator[str]:
    """Yield the lines of the exposition."""
    verdicts = (
        ({"control": control.id, "family": control.family, "verdict": verdict}, float(control.verdict == verdict))
        for control in run.controls
        for verdict in VERDICTS
    )
    yield from _family(
        "control_verdict", "1 for the verdict that the run has on a control, 0 for the others.", verdicts
    )
    durations = (({"control": control.id, "family": control.family}, control.seconds) for control in run.controls)
    yield from _family("control_duration_seconds", "Wall time of a control's tests.", durations)
    counts = Counter(test.outcome for test in run.tests)
    yield from _family(
        "tests", "Tests of the run, by outcome.", (({"outcome": name}, counts[name]) for name in OUTCOMES)
    )
    yield from _family("figure", "What the run measured.", ((_named(figure), figure.value) for figure in run.figures))
    bounds = ((_named(figure), figure.bound) for figure in run.figures if figure.bound is not None)
    yield from _family("figure_bound", "Above which a figure is a failure.", bounds)
    yield from _family("run_duration_seconds", "Wall time of the run.", [({}, run.seconds)])
    yield from _family("run_end_timestamp_seconds", "When the run ended.", [({}, _end(run))])
    yield from _family("run_success", "1 where the run came to its end and nothing failed.", [({}, run.exit_code == 0)])
    facts = {_label(key): value for key, value in run.environment.items() if key != "command"}
    yield from _family("run_info", "What the run ran on and with.", [({"run": run.name, **facts}, 1)])
    yield "# EOF"


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield one metric with its samples, of equal labels the last; one without samples is left out."""
    values = {f"plumbline_{name}{_labels(labels)}": value for labels, value in samples}
    if values:
        yield f"# HELP plumbline_{name} {meaning}"
        yield f"# TYPE plumbline_{name} gauge"
        yield from (f"{series} {float(value):.15g}" for series, value in values.items())


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _label(text: str) -> str:
    """Return ``text`` fit for the name of a label."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text)


def _named(figure: Figure) -> Mapping[str, str]:
    return {"figure": figure.name, "unit": figure.unit}


def _end(run: Run) -> float:
    return datetime.fromisoformat(run.started).timestamp() + run.seconds
