"""Label selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors), as objects have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a selector means objects with some labels; an empty one means all."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        _holds(labels.get(each["key"]), each["operator"], each.get("values", ()))
        for each in selector.get("matchExpressions", ())
    )


def _holds(value: str | None, operator: str, values: tuple[str, ...]) -> bool:
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(f"no label selector has the operator {operator}")
