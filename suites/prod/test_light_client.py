"""HEL: production has no light client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from plumbline.components.delivery.renderings import CLOUD, title

if TYPE_CHECKING:
    from plumbline.components.delivery.renderings import Charts, Rendering


@pytest.mark.control("HEL-006")
@pytest.mark.parametrize("environment", CLOUD)
def test_no_production_rendering_contains_it(renderings: list[Rendering], environment: str) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: render each chart that is deployed in an environment of the cloud, and look for Helios in every object: its name,
    image, labels, hosts, and who is let in.
    Expected: it is in none.
    """
    deployed = [rendering for rendering in renderings if rendering.way.name == environment]
    assert deployed, f"no chart is deployed in {environment}, so nothing is proved"

    found = [
        f"charts/{rendering.way.chart}: {environment} has {title(each)}"
        for rendering in deployed
        for each in rendering.objects
        if "helios" in json.dumps(each).lower()
    ]

    assert not found, "\n".join(found)


@pytest.mark.control("HEL-006")
def test_its_chart_refuses_production(charts: Charts) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: render the chart helios for the environment prod.
    Expected: its schema refuses that, and names the key.
    """
    way = next(way for way in charts.ways if way.chart == "helios")

    said = charts.render(way, {"environment": "prod"}).stderr

    assert "at '/environment'" in said, f"charts/helios can be rendered for production: {said or 'nothing is refused'}"
