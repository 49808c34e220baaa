"""Merge patches that undo others, and objects that can be made again."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.faults.injuries.changes import inverse, portable


def patched(value: Any, change: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(change, dict):
        return change
    result = dict(value) if isinstance(value, dict) else {}
    for key, new in change.items():
        if new is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), new)
    return result


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"replicas": 0}},
        {"spec": {"selector": {"app": None, "role": "nobody"}}},
        {"spec": {"ports": [1, 2]}},
        {"metadata": {"annotations": {"limit": None}}},
        {"spec": {"template": {"nodeSelector": {"nowhere": "true"}}}},
        {"spec": "not even a map"},
    ],
)
def test_an_inverse_puts_back_what_was_there(change: dict[str, Any]) -> None:
    current = {
        "metadata": {"annotations": {"limit": "50"}},
        "spec": {"replicas": 1, "selector": {"app": "geth"}, "ports": [1]},
    }

    assert patched(patched(current, change), inverse(current, change)) == current


def test_an_object_is_kept_without_what_the_server_put_into_it() -> None:
    meta = {
        "name": "a",
        "namespace": "b",
        "labels": {"x": "y"},
        "uid": "1",
        "resourceVersion": "2",
        "managedFields": [],
    }
    item = {"kind": "NetworkPolicy", "metadata": meta, "spec": {"podSelector": {}}, "status": {}}

    assert portable(item) == {
        "kind": "NetworkPolicy",
        "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}},
        "spec": {"podSelector": {}},
    }
