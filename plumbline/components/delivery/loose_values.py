"""Which values a chart's schema would take whatever they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from plumbline.components.delivery.renderings import Charts, Way
from plumbline.kube.api import Object

_NONSENSE: Any = [[["of no kind that any value has"]]]


def find(charts: Charts, way: Way) -> list[str]:
    """Return the paths of the values of a way in whose place the chart's schema takes nonsense."""
    import jsonschema  # noqa: PLC0415  (costs a fifth of a second)

    values = charts.values(way)
    written = json.loads((charts.folder / way.chart / "values.schema.json").read_text())
    schema = jsonschema.Draft202012Validator(written)
    return [".".join(path) for path in _paths(values, written) if schema.is_valid(_with(values, path, _NONSENSE))]


def _paths(value: Object, schema: Object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of values, but of those that a schema leaves open, since the API server's own judges them."""
    for key, inner in value.items():
        known = schema.get("properties", {}).get(key)
        if known is None and schema.get("additionalProperties") is True:
            continue
        yield (*above, key)
        if isinstance(inner, dict):
            yield from _paths(inner, known or {}, (*above, key))


def _with(value: Object, path: tuple[str, ...], replaced: Any) -> Object:
    """Return values with something else at a path."""
    key, *below = path
    return {**value, key: _with(value[key], tuple(below), replaced) if below else replaced}
