"""How environments differ: only where the table in ``docs/production.md`` says so, which their renderings are held to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from plumbline.components.delivery.renderings import CLOUD, PROD, Charts, Rendering, Way, merged, title
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Object

DOCUMENT = "docs/production.md"
_ROW = re.compile(r"^\| *`([a-z-]+)` *\| *`([A-Za-z.]+)` *\|(.*)\|([^|\n]+)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Difference:
    """One row of the table.

    Attributes:
        chart: folder below charts/.
        value: the value's path, with dots.
        by_environment: what it is in each.
        why: the reason.
    """

    chart: str
    value: str
    by_environment: Mapping[str, Any]
    why: str

    def in_values(self, environment: str) -> Object:
        """Return it as the values of an environment have it."""
        nested: Any = self.by_environment[environment]
        for key in reversed(self.value.split(".")):
            nested = {key: nested}
        return nested  # type: ignore[no-any-return]


def documented(root: Path) -> list[Difference]:
    """Return the table of a checkout.

    Raises:
        ConfigError: it has no row, or one lacks a reason or an environment.
    """
    found = []
    for chart, value, cells, why in _ROW.findall((root / DOCUMENT).read_text()):
        given = [yaml.safe_load(cell.strip(" `")) for cell in cells.split("|")]
        if len(given) != len(CLOUD) or not why.strip():
            raise ConfigError(
                f"{DOCUMENT}: the row of {value} says what it is in {', '.join(CLOUD)}, and why; this one says {cells}, {why}"
            )
        found.append(Difference(chart, value, dict(zip(CLOUD, given, strict=True)), why.strip()))
    if not found:
        raise ConfigError(f"{DOCUMENT}: there is no table of what differs between environments")
    return found


def contradictions(charts: Charts, renderings: Sequence[Rendering], table: Sequence[Difference]) -> list[str]:
    """Return, in words, where an environment is not production with the table's values: too much, too little, or another value."""
    of_the_cloud = [rendering for rendering in renderings if rendering.way.name in CLOUD]
    return [
        f"charts/{found.way.chart}, {found.way.name}: {said}, as {DOCUMENT} has it"
        for found in of_the_cloud
        for said in _changes(_promised(charts, found.way, table), found)
    ]


def _promised(charts: Charts, way: Way, table: Sequence[Difference]) -> Rendering:
    """Return what the table makes of production's own values."""
    production = next(each for each in charts.of(PROD) if each.chart == way.chart)
    values: Object = {}
    for row in table:
        if row.chart == way.chart:
            values = merged(values, row.in_values(way.name))
    return Rendering(way, charts.render(production, values).stdout)


def _changes(promised: Rendering, found: Rendering) -> Iterator[str]:
    """Yield, in words, the first difference of each object."""
    before, after = ({title(each): each for each in rendering.objects} for rendering in (promised, found))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{name}: {first_difference(before.get(name), after.get(name))}"


def first_difference(before: Any, after: Any, path: str = "") -> str:
    """Return, in words, where two values begin to differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        key = next(key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key))
        return first_difference(before.get(key), after.get(key), f"{path}.{key}")
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        index = next(index for index, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
        return first_difference(before[index], after[index], f"{path}[{index}]")
    return f"{path.lstrip('.') or 'it'} is {after}, and not {before}"
