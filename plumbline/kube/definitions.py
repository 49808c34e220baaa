"""CustomResourceDefinitions of upstream, read from its pinned module when they are needed and never copied into the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from plumbline.core import wait
from plumbline.core.paths import Paths
from plumbline.kube import api as k8s
from plumbline.kube.api import Kube, Object

_KIND = "CustomResourceDefinition"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # 0.3 s of pure Python otherwise
    """Takes "=" for what it is: YAML 1.1 has a type of its own for it, which PyYAML does not know."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def of_module(paths: Paths, module: str, manifest: str) -> list[Object]:
    """Return the CustomResourceDefinitions in a manifest of a pinned module, without their prose."""
    from plumbline.images import upstream  # noqa: PLC0415  (the builder is needed by a bring-up only)

    return read(upstream.module_file(paths, module, manifest))


def read(manifest: Path) -> list[Object]:
    """Return the CustomResourceDefinitions in a file, without their prose."""
    return [each for each in documents(manifest) if each["kind"] == _KIND]


def documents(manifest: Path) -> list[Object]:
    """Return all objects in a file, CustomResourceDefinitions without their prose."""
    found = (each for each in yaml.load_all(manifest.read_text(), _Loader) if each)
    return [without_prose(each) if each["kind"] == _KIND else each for each in found]


def established(kube: Kube, *names: str) -> wait.Condition[None]:
    """Return a condition: the API server serves what some CustomResourceDefinitions define."""

    def judge(found: dict[str, Object]) -> wait.Observation[None]:
        lacking = [n for n in names if k8s.condition_of(found.get(n, {}), "Established")["status"] != "True"]
        return wait.Observation(not lacking, None, f"the API server does not serve {', '.join(lacking)} yet")

    return kube.watch(_KIND, "", judge)


def without_prose(value: Any) -> Any:
    """Drop descriptions: two thirds of a CRD's bytes, all of which the API server would have to digest."""
    if isinstance(value, dict):
        return {k: without_prose(v) for k, v in value.items() if not (k == "description" and isinstance(v, str))}
    return [without_prose(item) for item in value] if isinstance(value, list) else value
