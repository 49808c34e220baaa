"""Values that a chart takes, and values that it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import chartrender
import pytest
import yaml
from chartrender import CHARTS, HERE, Helm, leaves

REFUSALS = yaml.safe_load((HERE / "refusals.yaml").read_text())
OPTIONAL = {("limits", "cpu")}  # deliberately without a default


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case['way']}: {case['because']}")
def test_bad_values_are_refused_with_the_key_in_the_message(helm: Helm, case: dict[str, Any]) -> None:
    done = helm.render(chartrender.named(case["way"]), case["values"])

    assert not done.ok
    assert f"at '{case['at']}':" in done.stderr, done.stderr


@pytest.mark.parametrize("chart", chartrender.charts())
def test_the_schema_is_strict_at_every_level(chart: str) -> None:
    open_objects = {
        path
        for path, node in nodes(schema(chart))
        if node.get("type") == "object" and "additionalProperties" not in node
    }

    assert {
        path for path in open_objects if path.rsplit("/", 2)[-2] not in ("matchExpressions", "tolerations")
    } == set()


@pytest.mark.parametrize("chart", chartrender.charts())
def test_schema_and_values_know_the_same_keys(chart: str) -> None:
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    known = set(properties(schema(chart)))

    assert {path for path in leaves(values) if path not in known} == set()
    assert {path for path in known if not has(values, path) and path[-2:] not in OPTIONAL} == set()


@pytest.mark.parametrize("chart", chartrender.charts())
def test_every_value_is_described(chart: str) -> None:
    values = yaml.safe_load((CHARTS / chart / "values.yaml").read_text())
    described = set(descriptions((CHARTS / chart / "values.yaml").read_text()))

    assert {path for path in leaves(values) if path not in described} == set()


def schema(chart: str) -> dict[str, Any]:
    return json.loads((CHARTS / chart / "values.schema.json").read_text())  # type: ignore[no-any-return]


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a JSON document, with its path."""
    if isinstance(node, dict):
        yield path, node
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield from nodes(inner, f"{path}/{key}")


def properties(node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of the values that a schema knows."""
    if "properties" not in node or node.get("type") != "object":
        yield path
    for name, inner in node.get("properties", {}).items():
        yield from properties(inner, (*path, name))


def has(values: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def descriptions(text: str) -> Iterator[tuple[str, ...]]:
    """Paths of the keys of a values file that have a helm-docs comment with a type right above them."""
    path: list[tuple[int, str]] = []
    comment = ""
    for line in text.splitlines():
        if line.strip().startswith("#"):
            comment += line.strip()
        elif key := re.match(r"( *)([A-Za-z]\w*):", line):
            indent = len(key[1])
            path = [*((at, name) for at, name in path if at < indent), (indent, key[2])]
            if comment.startswith("# -- ("):
                yield tuple(name for _, name in path)
            comment = ""
        else:
            comment = ""
