"""The charts for their own tests: every way of charts/renderings.yaml."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from plumbline.components.delivery import renderings
from plumbline.components.delivery.renderings import Charts as Helm
from plumbline.components.delivery.renderings import Object, Way, containers, merged, pod, title

__all__ = ["Helm", "Object", "Way", "containers", "merged", "pod", "title"]

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "charts"
HERE = Path(__file__).parent
OPERATED = {  # by prometheus-operator, with the ports that it declares
    "Prometheus": {"web": 9090, "reloader-web": 8080},
    "Alertmanager": {"web": 9093, "mesh-tcp": 9094, "mesh-udp": 9094, "reloader-web": 8080},
}


@dataclass(frozen=True)
class Pods:
    """The pods of one workload: where the table of flows has them, their labels, how many, and their ports by name."""

    place: str
    labels: Object
    replicas: int
    ports: dict[str, int]


class Rendering(renderings.Rendering):
    """What came out of a way, and what its own tests ask of it."""

    @cached_property
    def templates(self) -> set[str]:
        """The templates that left something."""
        return set(re.findall(rf"^# Source: {self.way.chart}/templates/(\S+)$", self.text, re.MULTILINE))

    def one(self, kind: str, name: str = "") -> Object:
        found = [each for each in self.of_kind(kind) if name in ("", each["metadata"]["name"])]
        assert len(found) == 1, f"{self.way}: {len(found)} objects {kind}/{name}"
        return found[0]

    @property
    def pods(self) -> list[Pods]:
        """The pods of its workloads, those included that an operator makes."""
        made = []
        for each in self.workloads:
            ports = {p["name"]: p["containerPort"] for c in containers(each) for p in c.get("ports", [])}
            template = each["spec"]["template"]
            place = (
                "node"
                if template["spec"].get("hostNetwork")
                else f"{self.namespace_of(each)}/{each['metadata']['name']}"
            )
            replicas = each["spec"].get("replicas", 1)
            made.append(Pods(place, template["metadata"]["labels"], replicas, ports))
        for each in self.of_kind(*OPERATED):
            name, kind = each["metadata"]["name"], each["kind"].lower()
            labels = {"app.kubernetes.io/name": kind, "app.kubernetes.io/instance": name}
            labels |= each["spec"]["podMetadata"]["labels"]
            place = f"{self.namespace_of(each)}/{kind}-{name}"
            made.append(Pods(place, labels, each["spec"]["replicas"], OPERATED[each["kind"]]))
        return made


def program(chart: str, name: str) -> ModuleType:
    """A program that a chart brings along."""
    spec = importlib.util.spec_from_file_location(name, CHARTS / chart / "files" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_helm() -> str | None:
    """The pinned Helm, else the one on PATH."""
    pinned = ROOT / ".plumbline" / "bin" / "helm"
    return str(pinned) if pinned.exists() else shutil.which("helm")


def ways() -> list[Way]:
    return renderings.ways(CHARTS)


def named(name: str) -> Way:
    return next(way for way in ways() if str(way) == name)


def charts() -> list[str]:
    return sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml"))


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all values that are no map, or an empty one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path
