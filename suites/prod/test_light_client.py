"""HEL: production has no light client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from plumbline.components.renderings import Renderings


@pytest.mark.control("HEL-006")
def test_no_production_rendering_contains_it(production: Renderings) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: render each chart that has values for production with them, and look for Helios in every object: its name, image,
    labels, hosts, and who is let in.
    Expected: it is in none.
    """
    assert production.charts, "no chart has values for production, so nothing is proved"

    found = production.mentioning("helios")

    assert not found, "\n".join(f"charts/{chart}: production has {thing}" for chart, thing in found)


@pytest.mark.control("HEL-006")
def test_its_chart_refuses_production(production: Renderings) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: render the chart helios for the environment prod.
    Expected: its schema refuses that, and names the key.
    """
    said = production.refusal("helios", {"environment": "prod"})

    assert "at '/environment'" in said, f"charts/helios can be rendered for production: {said or 'nothing is refused'}"
