"""Dashboards as the charts bring them: what MON-004 asks on the living Prometheus, as far as it can be told without."""

from __future__ import annotations

import json

import pytest
from chartrender import CHARTS, Rendering

from plumbline.components.telemetry.dashboards import Dashboard

FILES = sorted(CHARTS.glob("*/dashboards/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_panel_has_a_title_a_unit_a_source_and_a_place_of_its_own(file) -> None:
    text = file.read_text()
    dashboard, model = Dashboard.of(text), json.loads(text)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in model["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert dashboard.sources == {"datasource"}
    for panel in dashboard.panels:
        assert panel.title
        assert panel.unit, panel.title
        assert panel.source == "${datasource}", panel.title
        assert panel.queries, panel.title
    assert len({panel["id"] for panel in model["panels"]}) == len(model["panels"])
    assert len(set(cells)) == len(cells), "two panels overlap"
    assert max(x for x, _ in cells) < 24


def test_every_dashboard_is_brought_by_its_chart_under_a_uid_of_its_own(renderings: dict[str, Rendering]) -> None:
    brought = {
        (rendering.way.chart, Dashboard.of(text).uid)
        for rendering in renderings.values()
        for each in rendering.of_kind("ConfigMap")
        if each["metadata"]["labels"].get("grafana_dashboard")
        for text in each["data"].values()
    }

    assert brought == {(file.parents[1].name, Dashboard.of(file.read_text()).uid) for file in FILES}
    assert len({uid for _, uid in brought}) == len(brought)
