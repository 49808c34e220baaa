"""The metrics of a run: names and labels that others rely on, in a form that Prometheus reads."""

import itertools
import re

from reports.model import Control, Figure, Run, Test
from reports.writers import openmetrics

SAMPLE = re.compile(
    r'(?P<name>[a-z_]+)(\{(?P<labels>([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*)\})? (?P<value>-?[\d.e+-]+)'
)


def exposition(**more) -> list[str]:
    control = Control("EXE-001", "ids", "failed", "geth-1 lags", 3.5, ("a",))
    facts = {
        "controls": (control,),
        "tests": (Test("a", "failed", ("EXE-001",)), Test("b", "passed")),
        "figures": (Figure("bring-up", 41.2, "s", 40, 60), Figure('say "hi"\n', 1, "n")),
        "environment": {"network": "devnet", "command": "pytest suites/local"},
    }
    return list(
        openmetrics.lines(
            Run(**{"name": "r", "started": "2026-11-27T12:00:00+00:00", "seconds": 60, "exit_code": 1, **facts, **more})
        )
    )


def test_names_and_labels():
    told = exposition()
    for line in (
        'plumbline_control_verdict{control="EXE-001",family="EXE",verdict="failed"} 1',
        'plumbline_control_verdict{control="EXE-001",family="EXE",verdict="proved"} 0',
        'plumbline_control_verdict{control="EXE-001",family="EXE",verdict="not run"} 0',
        'plumbline_control_duration_seconds{control="EXE-001",family="EXE"} 3.5',
        'plumbline_tests{outcome="passed"} 1',
        'plumbline_tests{outcome="skipped"} 0',
        'plumbline_figure{figure="bring-up",unit="s"} 41.2',
        'plumbline_figure_bound{figure="bring-up",unit="s"} 60',
        "plumbline_run_duration_seconds 60",
        "plumbline_run_end_timestamp_seconds 1795780860",
        "plumbline_run_success 0",
        'plumbline_run_info{run="r",network="devnet"} 1',
    ):
        assert line in told, line


def test_the_form():
    told = exposition()
    assert told[-1] == "# EOF"
    series = [line for line in told if not line.startswith("#")]
    assert [line for line in series if not SAMPLE.fullmatch(line)] == []
    names = [match["name"] for line in series if (match := SAMPLE.fullmatch(line))]
    assert [name for name, _ in itertools.groupby(names)] == list(dict.fromkeys(names))
    assert all(f"# TYPE {name} gauge" in told for name in names)


def test_a_figure_that_is_measured_twice_is_one_series():
    told = exposition(figures=(Figure("recovery", 1, "s"), Figure("recovery", 2, "s")))
    assert [line for line in told if line.startswith("plumbline_figure{")] == [
        'plumbline_figure{figure="recovery",unit="s"} 2'
    ]


def test_a_run_that_was_killed_was_no_success():
    assert "plumbline_run_success 0" in exposition(exit_code=None)
