"""The dashboards that charts bring, in ConfigMaps that Grafana's sidecar finds by their label.

Grafana's JSON model: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.kube.api import Kube, Object

LABEL = "grafana_dashboard=1"


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: its title.
        unit: the unit of its values, as Grafana calls it.
        source: the data source that it names.
        queries: its PromQL expressions, variables not replaced, each with its legend.
    """

    title: str
    unit: str
    source: str
    queries: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, panel: Mapping[str, Any]) -> Panel:
        """Read one."""
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
        queries = tuple((each["expr"], each.get("legendFormat", "")) for each in panel.get("targets", ()))
        return cls(panel["title"], unit, panel.get("datasource", {}).get("uid", ""), queries)


@dataclass(frozen=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: what links to it name.
        title: its title.
        panels: all that show something.
        variables: query of each variable that is resolved by Prometheus.
        sources: names of the variables that stand for a data source.
    """

    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: Mapping[str, str]
    sources: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Dashboard:
        """Read one from its JSON."""
        model = json.loads(text)
        known = model["templating"]["list"]
        panels = tuple(Panel.of(panel) for panel in model["panels"] if panel["type"] != "row")
        queries = {each["name"]: each["query"] for each in known if each["type"] == "query"}
        sources = frozenset(each["name"] for each in known if each["type"] == "datasource")
        return cls(model["uid"], model["title"], panels, queries, sources)


def deployed(kube: Kube) -> list[Dashboard]:
    """Return the dashboards that the charts have brought to the cluster."""
    found: list[Object] = kube.objects("ConfigMap", None, selector=LABEL)
    return [Dashboard.of(text) for each in found for text in each["data"].values()]
