"""Rendering the charts, in all the ways in which they are installed (renderings.yaml)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "charts"
HERE = Path(__file__).parent
Object = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """One way in which a chart is installed."""

    chart: str
    name: str
    release: str
    namespace: str
    file: str
    values: Object = field(default_factory=dict)
    not_in_lock: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.chart}-{self.name}"

    @property
    def is_local(self) -> bool:
        """Whether it is a part of the local stack."""
        return self.name.startswith("local")

    def argv(self, *command: str) -> list[str]:
        """The command line of Helm that takes this way's values, further ones from standard input."""
        folder = CHARTS / self.chart
        return [*command, str(folder), f"--namespace={self.namespace}", f"--values={folder / self.file}", "--values=-"]


@dataclass(frozen=True)
class Rendering:
    """What came out of it."""

    way: Way
    text: str

    @cached_property
    def objects(self) -> list[Object]:
        return [document for document in yaml.safe_load_all(self.text) if document]

    @cached_property
    def templates(self) -> set[str]:
        """The templates that left something."""
        return set(re.findall(rf"^# Source: {self.way.chart}/templates/(\S+)$", self.text, re.MULTILINE))

    def of_kind(self, *kinds: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] in kinds]

    def one(self, kind: str, name: str = "") -> Object:
        found = [each for each in self.of_kind(kind) if name in ("", each["metadata"]["name"])]
        assert len(found) == 1, f"{self.way}: {len(found)} objects {kind}/{name}"
        return found[0]

    @property
    def workloads(self) -> list[Object]:
        return self.of_kind("Deployment", "StatefulSet", "DaemonSet")

    def namespace_of(self, each: Object) -> str:
        return str(each["metadata"].get("namespace", self.way.namespace))


class Helm:
    """The Helm program."""

    def __init__(self, program: str) -> None:
        self.program = program

    def render(self, way: Way, values: Object | None = None) -> subprocess.CompletedProcess[str]:
        """Render a way, with further values on top."""
        return self._run(way.argv("template", way.release), merged(way.values, values or {}))

    def lint(self, way: Way) -> subprocess.CompletedProcess[str]:
        return self._run(way.argv("lint", "--strict"), way.values)

    def _run(self, words: list[str], values: Object) -> subprocess.CompletedProcess[str]:
        argv = [self.program, *words]
        return subprocess.run(argv, input=json.dumps(values), capture_output=True, text=True, timeout=60, check=False)


def find_helm() -> str | None:
    """The pinned Helm, else the one on PATH."""
    pinned = ROOT / ".plumbline" / "bin" / "helm"
    return str(pinned) if pinned.exists() else shutil.which("helm")


def ways() -> list[Way]:
    table = yaml.safe_load((HERE / "renderings.yaml").read_text())
    return [Way(chart, name, **way) for chart, named in table.items() for name, way in named.items()]


def named(name: str) -> Way:
    return next(way for way in ways() if str(way) == name)


def charts() -> list[str]:
    return sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml"))


def merged(base: Object, extra: Object) -> Object:
    """Values on top of values, as Helm merges files."""
    result = dict(base)
    for key, value in extra.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def pod(workload: Object) -> Object:
    return workload["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def containers(workload: Object) -> list[Object]:
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def title(each: Object) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"


def selects(selector: Object, labels: Object) -> bool:
    """Whether a label selector (matchLabels, and expressions with In) matches."""
    expressions = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(each["key"]) in each["values"] for each in expressions if each["operator"] == "In"
    )


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all values that are no map, or an empty one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path
