"""Every chart, template and values file is rendered somewhere."""

from __future__ import annotations

import chartrender
import pytest
import yaml
from chartrender import CHARTS, Rendering


@pytest.mark.parametrize("chart", chartrender.charts())
def test_every_values_file_is_rendered(chart: str) -> None:
    files = {path.name for path in (CHARTS / chart).glob("values.*.yaml")}

    assert {file for way in chartrender.ways() if way.chart == chart for file in way.files} == files


@pytest.mark.parametrize("chart", chartrender.charts())
def test_every_template_leaves_something_somewhere(chart: str, renderings: dict[str, Rendering]) -> None:
    templates = {path.name for path in (CHARTS / chart / "templates").glob("*.yaml")}

    assert templates == set().union(*(each.templates for each in renderings.values() if each.way.chart == chart))


@pytest.mark.parametrize("chart", chartrender.charts())
def test_it_is_complete(chart: str) -> None:
    expected = {
        "Chart.yaml",
        "README.md",
        "values.yaml",
        "values.schema.json",
        "templates/_helpers.tpl",
        "templates/NOTES.txt",
    }

    assert {name for name in expected if not (CHARTS / chart / name).is_file()} == set()


@pytest.mark.parametrize("chart", chartrender.charts())
def test_its_version_is_that_of_what_it_runs(chart: str) -> None:
    about = yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text())
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    run = [part["image"]["tag"] for part in (values, *values.values()) if isinstance(part, dict) and "image" in part]

    assert run[:1] in ([], [about["appVersion"]])


def test_names_differ_within_a_namespace(local_stack: list[Rendering]) -> None:
    """The releases of the local stack stand side by side."""
    seen: dict[tuple[str, str, str], str] = {}
    for rendering in local_stack:
        for each in rendering.objects:
            key = (each["kind"], rendering.namespace_of(each), each["metadata"]["name"])
            assert key not in seen, f"{key} is in {seen[key]} and {rendering.way}"
            seen[key] = str(rendering.way)
