"""Objects of ours that no chart makes: by what they are told from those of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LABELS: Final[Mapping[str, str]] = {"app.kubernetes.io/part-of": "plumbline"}


def meta(name: str, namespace: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the metadata of an object of ours, with these labels beside that of all."""
    return {"name": name, "namespace": namespace, "labels": {**LABELS, **(labels or {})}}
