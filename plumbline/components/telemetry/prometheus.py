"""What Prometheus knows, asked through the API server (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from plumbline.kube.api import Kube


@dataclass(frozen=True)
class Sample:
    """One series at one moment."""

    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        """Show it as Prometheus writes it."""
        labels = ", ".join(f'{key}="{value}"' for key, value in self.labels.items() if key != "__name__")
        return f"{self.labels.get('__name__', '')}{{{labels}}} {self.value:g}"


@dataclass(frozen=True)
class Series:
    """One series over time: its labels, and (seconds since the Unix epoch, value) of each step."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Target:
    """One thing that is scraped.

    Attributes:
        pool: the monitor that asks for it: "serviceMonitor/namespace/name/0".
        address: "address:port".
        labels: the labels of its series.
        health: up, down or unknown (not scraped yet).
        error: why the last scrape failed.
    """

    pool: str
    address: str
    labels: Mapping[str, str]
    health: str
    error: str

    def __str__(self) -> str:
        """Say who it is, and how it is."""
        who = self.labels.get("pod") or self.labels.get("node") or self.address
        return f"{who} ({self.pool}, {self.address}): {self.health}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True)
class Rule:
    """One rule as it was evaluated last.

    Attributes:
        group: its group.
        name: of the alert, or of the series that it records.
        kind: alerting or recording.
        query: its expression.
        health: ok, err or unknown (not evaluated yet).
        error: why the last evaluation failed.
        labels: the labels that it adds.
    """

    group: str
    name: str
    kind: str
    query: str
    health: str
    error: str
    labels: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """Its group and its name."""
        return self.group, self.name

    def __str__(self) -> str:
        """Name it, and say how it is."""
        return f"{self.name} (group {self.group}): {self.health}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True)
class Alert:
    """One alert that is pending or firing.

    Attributes:
        labels: all of them, ``alertname`` among them.
        annotations: as they read now.
        state: pending or firing.
        active_at: when its condition became true (RFC 3339).
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: str
    active_at: str


class Questions(ABC):
    """What can be asked of one Prometheus, whichever way leads to it."""

    @abstractmethod
    def _ask(self, what: str, **query: Any) -> Any:
        """Return the data of one answer of its API."""

    def query(self, expression: str) -> list[Sample]:
        """Return what a PromQL expression yields now; a scalar is one sample without labels.

        Raises:
            ApiError: the expression is wrong.
        """
        found = self._ask("query", query=expression)
        if found["resultType"] == "scalar":
            return [Sample({}, float(found["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in found["result"]]

    def range(self, expression: str, since: float, until: float, step_s: float) -> list[Series]:
        """Return what an expression yields at each step between two moments (seconds since the Unix epoch)."""
        found = self._ask("query_range", query=expression, start=since, end=until, step=step_s)["result"]
        return [Series(each["metric"], tuple((at, float(value)) for at, value in each["values"])) for each in found]

    def selected(self, expression: str) -> set[str]:
        """Return what an expression selects: names of metrics, or regular expressions of names."""
        return set(_selected(self._ask("parse_query", query=expression)))

    def targets(self) -> list[Target]:
        """Return what it scrapes."""
        return [
            Target(
                each["scrapePool"],
                urlsplit(each["scrapeUrl"]).netloc,
                each["labels"],
                each["health"],
                each.get("lastError", ""),
            )
            for each in self._ask("targets", state="active")["activeTargets"]
        ]

    def rules(self) -> list[Rule]:
        """Return the rules that it has loaded."""
        return [
            Rule(
                group["name"],
                rule["name"],
                rule["type"],
                rule["query"],
                rule["health"],
                rule.get("lastError", ""),
                rule.get("labels", {}),
            )
            for group in self._ask("rules")["groups"]
            for rule in group["rules"]
        ]

    def alerts(self) -> list[Alert]:
        """Return the alerts that are pending or firing."""
        return [
            Alert(each["labels"], each["annotations"], each["state"], each["activeAt"])
            for each in self._ask("alerts")["alerts"]
        ]

    def metric_names(self) -> set[str]:
        """Return the name of every series that it holds."""
        return set(self._ask("label/__name__/values"))

    def declared_names(self) -> set[str]:
        """Return the name of every metric that a target declares, also of one that has no series now."""
        return set(self._ask("metadata"))


@dataclass(frozen=True)
class Prometheus(Questions):
    """One Prometheus behind a Service, asked through the API server."""

    kube: Kube
    namespace: str
    service: str

    def _ask(self, what: str, **query: Any) -> Any:
        base = f"/api/v1/namespaces/{self.namespace}/services/{self.service}:web/proxy"
        return self.kube.request("GET", f"{base}/api/v1/{what}", **query)["data"]


def gone(selected: Iterable[str], known: Collection[str]) -> list[str]:
    """Return those names of metrics, or regular expressions of names, that mean none of the known ones."""
    return sorted(
        name for name in selected if name not in known and not any(re.fullmatch(name, each) for each in known)
    )


def _selected(node: Any) -> Iterator[str]:
    """Yield the names in a parsed expression, which is a tree of nodes."""
    if isinstance(node, list):
        for each in node:
            yield from _selected(each)
    elif isinstance(node, dict):
        if node.get("type") in ("vectorSelector", "matrixSelector"):
            yield from (each["value"] for each in node["matchers"] if each["name"] == "__name__")
        for each in node.values():
            yield from _selected(each)
