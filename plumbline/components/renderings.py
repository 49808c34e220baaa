"""What the charts come to with the values of one environment; no cluster is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from plumbline.components.kube import Object
from plumbline.core import shell
from plumbline.core.errors import ConfigError

_WITHIN_S = 60.0


@dataclass(frozen=True)
class Renderings:
    """Every chart that has values for an environment.

    Attributes:
        folder: the charts.
        environment: prod, or another one.
        helm: the pinned Helm.
    """

    folder: Path
    environment: str
    helm: Path

    @cached_property
    def charts(self) -> Mapping[str, list[Object]]:
        """Return the objects of each chart.

        Raises:
            ConfigError: a chart cannot be rendered.
        """
        values = f"values.{self.environment}.yaml"
        return {
            chart.name: self._objects(chart, chart / values)
            for chart in sorted(self.folder.iterdir())
            if (chart / values).is_file()
        }

    def mentioning(self, word: str) -> list[tuple[str, str]]:
        """Return chart and object of everything in which a word stands, also as a part of another one."""
        return [
            (chart, f"{each['kind']}/{each['metadata']['name']}")
            for chart, objects in self.charts.items()
            for each in objects
            if word in json.dumps(each).lower()
        ]

    def refusal(self, chart: str, values: Mapping[str, Any]) -> str:
        """Return what a chart says to values that it refuses, with its defaults below them; empty where it takes them."""
        ended = self._template(self.folder / chart, "-", json.dumps(values))
        return "" if ended.ok else ended.stderr

    def _objects(self, chart: Path, values: Path) -> list[Object]:
        ended = self._template(chart, str(values))
        if not ended.ok:
            raise ConfigError(f"charts/{chart.name}/{values.name} cannot be rendered: {shell.gist(ended.stderr)}")
        return [each for each in yaml.safe_load_all(ended.stdout) if each]

    def _template(self, chart: Path, values: str, input: str | None = None) -> shell.Result:  # noqa: A002
        return shell.run(
            [self.helm, "template", chart.name, chart, "--values", values], within_s=_WITHIN_S, input=input, check=False
        )
