"""The alert rules that the charts ship, each under two profiles: short for tests, and what production has.

The values of a rule (``rules.<alert>`` of its chart) are its thresholds, its window and its ``for``. Those of production are the
chart's defaults with values.prod.yaml on top; the short ones stand in the values of the first other way that has rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from plumbline.components.delivery.renderings import CLOUD, PROD, Charts, Way, merged

Profile = Literal["test", "prod"]
PROFILES: Final[tuple[Profile, ...]] = ("test", "prod")
TEMPLATE: Final = "rules*.yaml"
RUNBOOKS: Final = "docs/runbooks"
SEVERITIES: Final = ("critical", "warning", "none")  # somebody is woken; somebody looks when he works; nobody has to

# What is no metric in a condition: labels, texts, ranges, offsets, and what is grouped by.
_ASIDE: Final = re.compile(r'\{[^}]*\}|"[^"]*"|\[[^]]*\]|offset \w+|\b(?:by|on) \([^)]*\)|\b\d[\w.]*')
_WORDS: Final = frozenset({"and", "or", "unless"})
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Rule:
    """One alert rule.

    Attributes:
        name: of the alert.
        chart: the chart that owns it.
        profile: whose thresholds it has.
        expr: its condition, in PromQL.
        for_s: how long the condition must hold until it fires, in seconds.
        labels: what it adds to the labels of the series.
        annotations: what it says.
        values: its values in the chart; durations in seconds.
    """

    name: str
    chart: str
    profile: Profile
    expr: str
    for_s: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """Name it with its profile."""
        return f"{self.name} ({self.profile})"

    @property
    def window_s(self) -> int:
        """How far back its condition looks, in seconds; 0 where it looks at the newest values only."""
        return int(self.values.get("window", 0))

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that its condition reads."""
        return frozenset(re.findall(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()", _ASIDE.sub(" ", self.expr))) - _WORDS


def shipped(charts: Path, helm: Path, profile: Profile) -> list[Rule]:
    """Return every rule of every chart under a profile.

    Raises:
        ConfigError: a chart cannot be rendered.
    """
    owners = {template.parents[1].name for template in charts.glob(f"*/templates/{TEMPLATE}")}
    ours = Charts(charts, helm)
    return [rule for chart in sorted(owners) for rule in _of(ours, _way(ours, chart, profile), profile)]


def thresholds(chart: Path) -> dict[str, Any]:
    """Return the values of production for the rules of a chart, as its defaults have them."""
    rules: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text()).get("rules", {})
    return {name: each for name, each in rules.items() if _is_rule(name)}


def seconds(duration: str) -> int:
    """Return how long a duration such as ``5m`` is, in seconds."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def _way(charts: Charts, chart: str, profile: Profile) -> Way:
    """Return how a chart's rules are installed under a profile; where it is not for production, so with the thresholds of that."""
    ways = [way for way in charts.ways if way.chart == chart and charts.values(way)["rules"]["enabled"]]
    if profile == "prod" and (cloud := [way for way in ways if way.name == PROD]):
        return cloud[0]
    local = next(way for way in ways if way.name not in CLOUD)
    own = {"rules": thresholds(charts.folder / chart)} if profile == "prod" else {}
    return replace(local, values=merged(local.values, own))


def _of(charts: Charts, way: Way, profile: Profile) -> Iterator[Rule]:
    values = charts.values(way)["rules"]
    (rendering,) = charts.rendered(way)
    for each in rendering.of_kind("PrometheusRule"):
        for rule in (rule for group in each["spec"]["groups"] for rule in group["rules"] if "alert" in rule):
            own = {key: _plain(value) for key, value in values.get(rule["alert"], {}).items()}
            for_s = seconds(rule.get("for", "0s"))
            labels, said = rule.get("labels", {}), rule.get("annotations", {})
            yield Rule(rule["alert"], way.chart, profile, rule["expr"], for_s, labels, said, own)


def _is_rule(name: str) -> bool:
    """Whether a key of ``rules`` is that of a rule: alerts begin with a capital letter."""
    return name[0].isupper()


def _plain(value: Any) -> Any:
    return seconds(value) if isinstance(value, str) and re.fullmatch(r"\d+[smhd]", value) else value
