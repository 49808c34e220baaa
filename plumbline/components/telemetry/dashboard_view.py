"""What a dashboard shows on a living Prometheus, and what is wrong with it; Grafana itself is not needed for that."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.components.telemetry.dashboards import Dashboard, Panel
from plumbline.components.telemetry.prometheus import Prometheus, Series, gone

_WINDOW_S, _STEP_S = 600.0, 5.0
_RATE_INTERVAL = "1m"  # Grafana's $__rate_interval is four scrapes at least
_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), *(?P<label>\w+)\)")
_ANYTHING = ".+"


@dataclass(frozen=True)
class Curve:
    """One series of a panel, under the name that its legend gives it."""

    name: str
    series: Series


@dataclass(frozen=True)
class Query:
    """One query of a panel: its expression, what it selects, and its curves over the last minutes."""

    expression: str
    selected: frozenset[str]
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Shown:
    """One panel with its queries."""

    panel: Panel
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class View:
    """One dashboard as it looks now.

    Attributes:
        dashboard: the dashboard.
        values: what each of its variables can be; all are chosen.
        panels: its panels.
    """

    dashboard: Dashboard
    values: Mapping[str, list[str]]
    panels: tuple[Shown, ...]

    @classmethod
    def of(cls, dashboard: Dashboard, prometheus: Prometheus) -> View:
        """Evaluate every query of a dashboard."""
        values = {name: _values(query, prometheus) for name, query in dashboard.variables.items()}
        now = time.time()

        def query(expression: str, legend: str) -> Query:
            resolved = _resolved(expression, values)
            found = prometheus.range(resolved, now - _WINDOW_S, now, _STEP_S)
            curves = tuple(Curve(_named(legend, series), series) for series in found)
            return Query(expression, frozenset(prometheus.selected(resolved)), curves)

        shown = (Shown(panel, tuple(query(*each) for each in panel.queries)) for panel in dashboard.panels)
        return cls(dashboard, values, tuple(shown))

    def faults(self, known: Collection[str]) -> list[str]:
        """Return, in words, what resolves to nothing, lacks a unit or a source, or shows nothing, and which metric is gone.

        Args:
            known: the names of all metrics that there are.
        """
        title = self.dashboard.title
        said = [f"{title}: variable ${name} has no value" for name, values in self.values.items() if not values]
        for shown in self.panels:
            where = f"{title}: panel {shown.panel.title}"
            said += [f"{where} {fault}" for fault in self._faults_of(shown, known)]
        return said

    def _faults_of(self, shown: Shown, known: Collection[str]) -> Iterator[str]:
        if not shown.panel.unit:
            yield "has no unit"
        if shown.panel.source.strip("${}") not in self.dashboard.sources:
            yield f"has the data source {shown.panel.source or '(none)'}, which is no variable"
        if not shown.queries:
            yield "asks nothing"
        for query in shown.queries:
            if lacking := gone(query.selected, known):
                yield f"asks for {', '.join(lacking)}, which no target has"
            elif not query.curves:
                yield f"shows nothing: {query.expression}"


def _values(query: str, prometheus: Prometheus) -> list[str]:
    asked = _LABEL_VALUES.fullmatch(query)
    if asked is None:
        return []
    samples = prometheus.query(f"group by ({asked['label']}) ({asked['series']})")
    return sorted(each.labels[asked["label"]] for each in samples if asked["label"] in each.labels)


def _resolved(expression: str, values: Mapping[str, list[str]]) -> str:
    """Return an expression with its variables replaced: names of Kubernetes need no escape in a regular expression."""
    expression = expression.replace("$__rate_interval", _RATE_INTERVAL)
    for name, chosen in values.items():
        expression = re.sub(rf"\${name}\b", "|".join(chosen) or _ANYTHING, expression)
    return expression


def _named(legend: str, series: Series) -> str:
    def value(found: re.Match[str]) -> Any:
        return series.labels.get(found[1], "")

    return re.sub(r"{{ *(\w+) *}}", value, legend) or str(dict(series.labels))
