"""What the charts come to, in each way in which they are installed (``charts/renderings.yaml``); no cluster is needed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import yaml

from plumbline.core import shell
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Object

FILE = "renderings.yaml"  # below charts/
LOCAL = "local"
CLOUD = ("dev", "stage", "prod")  # in the order in which a change reaches them
PROD = CLOUD[-1]
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WITHIN_S = 60.0
_AT_ONCE = 4


@dataclass(frozen=True)
class Way:
    """One way in which a chart is installed.

    Attributes:
        chart: folder below charts/.
        name: what the way is called; one that begins with "local" belongs to the local stack.
        release: the release's name.
        namespace: where it goes.
        file: the chart's values file.
        overlay: one that is laid over it, or empty.
        values: what is only known at run time, for example.
        not_in_lock: images that it takes from elsewhere than the image lock.
    """

    chart: str
    name: str
    release: str
    namespace: str
    file: str
    overlay: str = ""
    values: Object = field(default_factory=dict)
    not_in_lock: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the chart's and the way's name."""
        return f"{self.chart}-{self.name}"

    @property
    def is_local(self) -> bool:
        """Whether it is a part of the local stack."""
        return self.name.startswith(LOCAL)

    @property
    def files(self) -> list[str]:
        """Its values files, the last one on top."""
        return [file for file in (self.file, self.overlay) if file]


def ways(charts: Path) -> list[Way]:
    """Return every way in which the charts of a folder are installed.

    What is installed in production is installed in the environments before it, too: there with ``values.<environment>.yaml``
    laid over the values for production, where the chart has that file.
    """
    table = yaml.safe_load((charts / FILE).read_text())
    found = [Way(chart, name, **way) for chart, named in table.items() for name, way in named.items()]
    before = [
        dataclasses.replace(way, name=name, overlay=overlay if (charts / way.chart / overlay).is_file() else "")
        for way in found
        if way.name == PROD
        for name in CLOUD[:-1]
        for overlay in [f"values.{name}.yaml"]
    ]
    return [*found, *before]


@dataclass(frozen=True)
class Rendering:
    """What came out of a way."""

    way: Way
    text: str

    @cached_property
    def objects(self) -> list[Object]:
        """The objects."""
        return [document for document in yaml.load_all(self.text, _FAST_LOADER) if document]

    def of_kind(self, *kinds: str) -> list[Object]:
        """Return the objects of some kinds."""
        return [each for each in self.objects if each["kind"] in kinds]

    @property
    def workloads(self) -> list[Object]:
        """What brings pods; a CronJob is shown as the Jobs that it makes."""
        jobs = [{**each, "spec": each["spec"]["jobTemplate"]["spec"]} for each in self.of_kind("CronJob")]
        return [*self.of_kind("Deployment", "StatefulSet", "DaemonSet"), *jobs]

    def namespace_of(self, each: Object) -> str:
        """Return the namespace of an object."""
        return str(each["metadata"].get("namespace", self.way.namespace))


@dataclass(frozen=True)
class Charts:
    """Our charts, rendered by the pinned Helm.

    Attributes:
        folder: where they are.
        helm: the program.
    """

    folder: Path
    helm: Path

    @cached_property
    def ways(self) -> list[Way]:
        """Every way in which they are installed."""
        return ways(self.folder)

    def of(self, environment: str) -> list[Way]:
        """Return the ways that make up an environment: the local stack, or one in the cloud."""
        return [way for way in self.ways if way.name == environment or (environment == LOCAL and way.is_local)]

    def values(self, way: Way) -> Object:
        """Return the values of a way: the chart's own, with its files on top, and what is only known at run time."""
        files = [
            yaml.safe_load((self.folder / way.chart / name).read_text()) or {} for name in ("values.yaml", *way.files)
        ]
        return reduce(merged, [*files, way.values], {})

    def rendered(self, *chosen: Way) -> list[Rendering]:
        """Render ways, some at a time.

        Raises:
            ConfigError: one cannot be rendered.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._rendering, chosen))

    def render(self, way: Way, values: Mapping[str, Any] | None = None) -> shell.Result:
        """Have Helm render a way, with further values on top of its own, and return what it left."""
        return self._run("template", way.release, way=way, values=merged(way.values, values or {}))

    def complaints(self, *chosen: Way) -> list[str]:
        """Return, in words, what Helm finds wrong with charts and values in some ways of installing them."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            tried = pool.map(lambda way: (way, self._run("lint", "--strict", way=way, values=way.values)), chosen)
            return [
                f"charts/{way.chart}, {way.name}: {shell.gist(ended.stdout)}" for way, ended in tried if not ended.ok
            ]

    def _rendering(self, way: Way) -> Rendering:
        ended = self.render(way)
        if not ended.ok:
            raise ConfigError(
                f"charts/{way.chart} cannot be rendered with {' and '.join(way.files)}: {shell.gist(ended.stderr)}"
            )
        return Rendering(way, ended.stdout)

    def _run(self, *words: str, way: Way, values: Mapping[str, Any]) -> shell.Result:
        folder = self.folder / way.chart
        files = [f"--values={folder / file}" for file in way.files]
        argv: list[str | Path] = [self.helm, *words, folder, f"--namespace={way.namespace}", *files, "--values=-"]
        return shell.run(argv, within_s=_WITHIN_S, input=json.dumps(dict(values)), check=False)


def merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> Object:
    """Return values with others on top, as Helm merges files."""
    result = dict(base)
    for key, value in extra.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def pod(workload: Object) -> Object:
    """Return the pod that a workload brings."""
    return workload["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def labels(workload: Object) -> Object:
    """Return the labels of that pod."""
    return workload["spec"]["template"]["metadata"]["labels"]  # type: ignore[no-any-return]


def containers(workload: Object) -> list[Object]:
    """Return the containers of that pod, those that run first included."""
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def title(each: Object) -> str:
    """Return what an object is called in messages."""
    return f"{each['kind']}/{each['metadata']['name']}"
