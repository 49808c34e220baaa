"""A plan, as OpenTofu shows it: every resource that would be made, with the values that are known before it is.

Format: https://opentofu.org/docs/internals/json-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_KEY = re.compile(r'\[(?:"[^"]*"|\d+)\]')


@dataclass(frozen=True)
class Resource:
    """One resource of a plan.

    Attributes:
        address: where it stands in the configuration, like "module.network.google_compute_network.this".
        type: its type.
        values: what is known of it; what is not given, or known only afterwards, is missing.
        expressions: what the configuration gives it, known or not.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    expressions: Mapping[str, Any]

    def value(self, *path: str) -> Any:
        """Return a value by the names of its blocks, None where it is not known; of blocks that repeat, the first counts."""
        return _descend(self.values, path)

    def gives(self, *path: str) -> bool:
        """Return whether the configuration gives this argument, whatever its value will be."""
        return _descend(self.expressions, path) is not None

    def each(self, *path: str) -> list[Mapping[str, Any]]:
        """Return every block at the end of this path."""
        return list(self.value(*path) or [])


@dataclass(frozen=True)
class Plan:
    """The plan of one root.

    Attributes:
        name: the root's name: an environment, or a folder.
        raw: the plan as OpenTofu shows it.
    """

    name: str
    raw: Mapping[str, Any]

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Everything that would be made; data sources are not."""
        expressions = dict(_configured(self.raw["configuration"]["root_module"]))
        return tuple(
            Resource(item["address"], item["type"], item.get("values", {}), expressions.get(_unindexed(item), {}))
            for item in _planned(self.raw["planned_values"].get("root_module", {}))
        )

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of these types."""
        return tuple(item for item in self.resources if item.type in types)

    @property
    def is_environment(self) -> bool:
        """Whether it is an environment's, and not an example's."""
        return "/" not in self.name and self.name != "bootstrap"


def _planned(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _planned(child)


def _configured(module: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in module.get("resources", []):
        yield f"{prefix}{item['address']}", item.get("expressions", {})
    for name, call in module.get("module_calls", {}).items():
        yield from _configured(call["module"], f"{prefix}module.{name}.")


def _unindexed(item: Mapping[str, Any]) -> str:
    """Return a resource's address without the keys of loops, as the configuration has it."""
    return _KEY.sub("", item["address"])


def _descend(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
