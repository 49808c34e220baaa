"""CustomResourceDefinitions of upstream, read from its pinned module when they are needed and never copied into the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from plumbline.components.kube import Object
from plumbline.core.paths import Paths

_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # 0.3 s of pure Python otherwise


def of_module(paths: Paths, module: str, manifest: str) -> list[Object]:
    """Return the CustomResourceDefinitions in a manifest of a pinned module, without their prose."""
    from plumbline.images import upstream  # noqa: PLC0415  (the builder is needed by a bring-up only)

    return read(upstream.module_file(paths, module, manifest))


def read(manifest: Path) -> list[Object]:
    """Return the CustomResourceDefinitions in a file, without their prose."""
    documents = yaml.load_all(manifest.read_text(), _FAST_LOADER)
    return [
        without_prose(document) for document in documents if document and document["kind"] == "CustomResourceDefinition"
    ]


def without_prose(value: Any) -> Any:
    """Drop descriptions: two thirds of a CRD's bytes, all of which the API server would have to digest."""
    if isinstance(value, dict):
        return {k: without_prose(v) for k, v in value.items() if not (k == "description" and isinstance(v, str))}
    return [without_prose(item) for item in value] if isinstance(value, list) else value
