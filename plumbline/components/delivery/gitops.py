"""What Argo CD would deploy: its ApplicationSets expanded, and each environment's Applications rendered, as it does itself.

Argo CD renders ApplicationSets by Go templates; ours use plain names only (``{{ .environment }}``), which are replaced here. That
the real controller makes the same of them is proved live (GIT-002).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plumbline.components.delivery.renderings import Charts, Rendering, Way
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Object

ROOT, CHILDREN = "gitops", "gitops-applications"  # charts
SETS = ("platform", "workloads")
ENVIRONMENT = "plumbline.dev/environment"
WAVE = "argocd.argoproj.io/sync-wave"
REVISION = "$ARGOCD_APP_REVISION"  # what an Application's source is at, in its parameters
_EXPRESSION = re.compile(r"\{\{ \.(\w+) \}\}")


@dataclass(frozen=True)
class Deployment:
    """One chart, or folder of manifests, in one environment.

    Attributes:
        environment: the environment.
        applicationset: which ApplicationSet it comes from.
        application: the Application, as it is in Argo CD.
    """

    environment: str
    applicationset: str
    application: Object

    @property
    def name(self) -> str:
        """What it is called in every environment."""
        return str(self.application["metadata"]["name"]).removeprefix(f"{self.environment}-")

    @property
    def spec(self) -> Object:
        """What Argo CD is to do."""
        return self.application["spec"]  # type: ignore[no-any-return]

    @property
    def chart(self) -> str:
        """The chart of ours, or empty."""
        path = str(self.spec["source"]["path"])
        return path.removeprefix("charts/") if path.startswith("charts/") else ""

    @property
    def wave(self) -> tuple[int, int]:
        """Its place in the order: the set's, and its own within that."""
        return SETS.index(self.applicationset), wave(self.application)


@dataclass(frozen=True)
class GitOps:
    """What the chart gitops comes to.

    Attributes:
        charts: our charts.
    """

    charts: Charts

    @cached_property
    def root(self) -> Rendering:
        """The release itself."""
        return self.charts.rendered(*(way for way in self.charts.ways if way.chart == ROOT))[0]

    @cached_property
    def sets(self) -> list[Object]:
        """The ApplicationSets, in the order in which they are synced."""
        return sorted(self.root.of_kind("ApplicationSet"), key=wave)

    @cached_property
    def projects(self) -> dict[str, Object]:
        """What each project permits, by its name."""
        return {each["metadata"]["name"]: each["spec"] for each in self.root.of_kind("AppProject")}

    @cached_property
    def environments(self) -> list[str]:
        """The environments in the order in which a change reaches them: that of the steps of all ApplicationSets.

        Raises:
            ConfigError: two ApplicationSets go another way.
        """
        orders = [[step["matchExpressions"][0]["values"][0] for step in steps(each)] for each in self.sets]
        if any(order != orders[0] for order in orders):
            raise ConfigError(f"charts/{ROOT}: the ApplicationSets go different ways: {orders}")
        return orders[0]

    @cached_property
    def generated(self) -> list[Object]:
        """The Applications that the ApplicationSets make: one for each set and environment."""
        return [application for each in self.sets for application in expanded(each)]

    @cached_property
    def deployments(self) -> list[Deployment]:
        """What those deploy."""
        return [deployment for each in self.generated for deployment in self._of(each)]

    def _of(self, parent: Object) -> Iterator[Deployment]:
        spec, helm = parent["spec"], parent["spec"]["source"]["helm"]
        way = Way(
            chart=spec["source"]["path"].removeprefix("charts/"),
            name=parent["metadata"]["name"],
            release=helm["releaseName"],
            namespace=spec["destination"]["namespace"],
            file=helm["valueFiles"][0],
            values={**helm["valuesObject"], **_parameters(spec["source"])},
        )
        for application in self.charts.rendered(way)[0].of_kind("Application"):
            yield Deployment(parent["metadata"]["labels"][ENVIRONMENT], helm["valuesObject"]["set"], application)


def steps(applicationset: Object) -> list[Object]:
    """Return the steps in which an ApplicationSet goes from environment to environment; none where it does not."""
    strategy = applicationset["spec"].get("strategy", {})
    return strategy["rollingSync"]["steps"] if strategy.get("type") == "RollingSync" else []


def wave(each: Object) -> int:
    """Return the sync wave of an object."""
    return int(each["metadata"].get("annotations", {}).get(WAVE, 0))


def expanded(applicationset: Object) -> Iterator[Object]:
    """Yield the Applications that an ApplicationSet with a list of elements makes.

    Raises:
        ConfigError: its template names what an element does not have.
    """
    template = json.dumps(applicationset["spec"]["template"])
    for generator in applicationset["spec"]["generators"]:
        for element in generator["list"]["elements"]:
            filled = json.loads(_filled(template, element, applicationset["metadata"]["name"]))
            yield {"apiVersion": applicationset["apiVersion"], "kind": "Application", **filled}


def _parameters(source: Object) -> dict[str, str]:
    """Return the parameters of an Application's source, by name; the commit that its revision is now stays the revision."""
    given = {each["name"]: each["value"] for each in source["helm"].get("parameters", [])}
    return {name: value.replace(REVISION, source["targetRevision"]) for name, value in given.items()}


def _filled(template: str, element: dict[str, Any], name: str) -> str:
    """Return a template of an ApplicationSet, as JSON, with the values of an element."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in element:
            raise ConfigError(f"charts/{ROOT}: the template of {name} names .{match[1]}, which an element lacks")
        return json.dumps(str(element[match[1]]))[1:-1]

    return _EXPRESSION.sub(value, template)
