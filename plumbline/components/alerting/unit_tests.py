"""promtool's unit tests of a rule, made from what proves it and from the rule's own values.

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from plumbline.components.alerting.cases import Case, Series
from plumbline.components.alerting.formulas import value_of
from plumbline.components.alerting.rules import Rule

_STEP_AT_MOST_S: Final = 60
_SAMPLES_AT_LEAST: Final = 4  # within a window
_WATCHED: Final = 2  # how many times its window and its ``for`` a quiet rule is watched


def of(rule: Rule, cases: Sequence[Case]) -> dict[str, Any]:
    """Return the tests of a rule; a file of promtool has them, and the names of the files with rules."""
    step_s = step_of(rule)
    tests = [test for case in cases for test in _Proof(rule, case, step_s).tests()]
    return {"evaluation_interval": f"{step_s}s", "tests": tests}


def step_of(rule: Rule) -> int:
    """Return the seconds between two samples, and two evaluations: the most that its durations are whole multiples of."""
    together = math.gcd(rule.window_s, rule.for_s) or _STEP_AT_MOST_S

    def fits(step_s: int) -> bool:
        enough = not rule.window_s or rule.window_s // step_s >= _SAMPLES_AT_LEAST
        return together % step_s == 0 and enough and rule.for_s != step_s

    return max((step_s for step_s in range(1, _STEP_AT_MOST_S + 1) if fits(step_s)), default=1)


@dataclass(frozen=True)
class _Proof:
    """A rule, what proves it, and the seconds between two samples."""

    rule: Rule
    case: Case
    step_s: int

    def tests(self) -> Iterator[dict[str, Any]]:
        """Return a test for each side that this proof is about."""
        if self.case.fires is not None:
            checks = {self._due - self.step_s: False, self._due: True}
            if self.case.ends is not None:
                ends = self._moment(self.case.ends)
                checks |= {ends: True, ends + self.step_s: False}
            yield self._test("fires", self.case.fires, checks)
        if self.case.quiet is not None:
            yield self._test("quiet", self.case.quiet, {self._due: False, self._last: False})

    @cached_property
    def _values(self) -> dict[str, float | None]:
        """What every formula may speak of."""
        values = {key: value for key, value in self.rule.values.items() if isinstance(value, int | float)}
        return {**values, "hold": self.rule.for_s, "step": self.step_s, "none": None}

    @property
    def _due(self) -> int:
        """When it must fire."""
        return self._moment(self.case.after) + self.rule.for_s

    @property
    def _last(self) -> int:
        """The last moment that is looked at where it must not fire."""
        return self._due + _WATCHED * (self.rule.window_s + self.rule.for_s + self.step_s)

    def _moment(self, formula: str | float) -> int:
        """Return when something is, at a sample."""
        return int(value_of(formula, self._values) or 0) // self.step_s * self.step_s

    def _test(self, name: str, series: Series, checks: Mapping[int, bool]) -> dict[str, Any]:
        inputs = [
            {"series": _selector(key, self.case.labels), "values": self._samples(formula, max(checks))}
            for key, formula in series.items()
        ]
        alert = {"exp_labels": {**self.case.labels, **self.rule.labels}}
        expected = [
            {"eval_time": f"{at}s", "alertname": self.rule.name, "exp_alerts": [alert] if fires else []}
            for at, fires in checks.items()
            if at >= 0
        ]
        return {"name": name, "interval": f"{self.step_s}s", "input_series": inputs, "alert_rule_test": expected}

    def _samples(self, formula: str | float, until_s: int) -> str:
        names = {**self._values, "last": self._last}
        values = (value_of(formula, {**names, "t": at}) for at in range(0, until_s + 1, self.step_s))
        return " ".join("_" if value is None else repr(float(value)) for value in values)


def _selector(key: str, labels: Mapping[str, str]) -> str:
    """Return a series' name with its labels: those of all, and its own, which may be others."""
    name, _, own = key.rstrip("}").partition("{")
    given = dict(pair.strip().split("=", 1) for pair in own.split(",") if pair)
    every = {**{label: json.dumps(value) for label, value in labels.items()}, **given}
    return f"{name}{{{','.join(f'{label}={value}' for label, value in every.items())}}}"
