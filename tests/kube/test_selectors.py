"""Label selectors mean what Kubernetes says that they mean."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.kube.selectors import selects

LABELS = {"app": "geth", "role": "follower"}


def expressed(operator: str, *values: str, key: str = "app") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ({}, True),
        ({"matchLabels": {"app": "geth"}}, True),
        ({"matchLabels": {"app": "geth", "role": "producer"}}, False),
        ({"matchLabels": {"app": "geth"}, **expressed("In", "producer", key="role")}, False),
        (expressed("In", "geth", "helios"), True),
        (expressed("NotIn", "geth"), False),
        (expressed("NotIn", "geth", key="tier"), True),
        (expressed("Exists"), True),
        (expressed("Exists", key="tier"), False),
        (expressed("DoesNotExist"), False),
        (expressed("DoesNotExist", key="tier"), True),
    ],
)
def test_objects_are_meant_by_their_labels(selector: dict[str, Any], meant: bool) -> None:
    assert selects(selector, LABELS) is meant


def test_an_unknown_operator_is_no_answer() -> None:
    with pytest.raises(ValueError, match="Near"):
        selects(expressed("Near", "geth"), LABELS)
