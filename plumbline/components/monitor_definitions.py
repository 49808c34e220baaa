"""The kinds of objects by which each chart says what is scraped and what is alerted on; they are there before any chart is."""

from __future__ import annotations

from typing import Any, ClassVar

from plumbline.components.base import Component, Site
from plumbline.core import wait
from plumbline.core.checksum import sha256_of
from plumbline.kube import definitions

_MODULE = "github.com/prometheus-operator/prometheus-operator"
_PIN = "programs/prometheus-operator/go.mod"
_GROUP = "monitoring.coreos.com"
_OF_CHARTS = ("servicemonitors", "podmonitors", "prometheusrules")


class MonitorDefinitions(Component):
    """ServiceMonitor, PodMonitor and PrometheusRule (https://prometheus-operator.dev/docs/api-reference/api/)."""

    name: ClassVar[str] = "monitor-definitions"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)

    def stage(self) -> None:
        """Apply the definitions of the pinned module."""
        apply(self.site, *_OF_CHARTS)

    def deploy(self) -> None:
        """Nothing more: the API server takes them."""

    def ready(self) -> wait.Condition[Any]:
        """Hold when the API server serves them."""
        return established(self.site, *_OF_CHARTS)

    def fingerprint(self) -> str:
        """Return a checksum over the module's pin."""
        return sha256_of(self.site.paths.local / _PIN)


def apply(site: Site, *resources: str) -> None:
    """Apply the operator's definitions of some resources (such as "servicemonitors")."""
    for resource in resources:
        manifest = f"example/prometheus-operator-crd/{_GROUP}_{resource}.yaml"
        site.kube.apply(definitions.of_module(site.paths, _MODULE, manifest))


def established(site: Site, *resources: str) -> wait.Condition[None]:
    """Return a condition: the API server serves some of the operator's resources."""
    return definitions.established(site.kube, *(f"{resource}.{_GROUP}" for resource in resources))
