"""Monitoring: Prometheus and Alertmanager under their operator, and a receiver that keeps what is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from plumbline.components import monitor_definitions
from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.cluster import Cluster
from plumbline.components.isolation.flows import Flows
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.components.telemetry import credentials, scraping
from plumbline.components.telemetry.alert_receiver import AlertReceiver
from plumbline.components.telemetry.alertmanager import Alertmanager
from plumbline.components.telemetry.credentials import Credentials
from plumbline.components.telemetry.prometheus import Prometheus
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Object, node_address

NAMESPACE, RELEASE = "monitoring", "kube-prometheus-stack"
SCRAPER = f"{NAMESPACE}/prometheus-{RELEASE}"
HOSTS: Mapping[str, str] = {  # what is behind the ingress -> a path that only it answers
    "prometheus.oumla.local": "/api/v1/status/buildinfo",
    "alertmanager.oumla.local": "/api/v2/status",
}
SERVERS: Mapping[str, str] = {  # what keeps rules, alerts and silences: pod -> container
    f"prometheus-{RELEASE}-0": "prometheus",
    f"alertmanager-{RELEASE}-0": "alertmanager",
}
_OF_OPERATOR = ("prometheuses", "alertmanagers", "alertmanagerconfigs", "probes", "scrapeconfigs")
_SOON_S = 60.0


class Monitoring(HelmComponent):
    """prometheus-operator 0.93, Prometheus 3.5, Alertmanager 0.33, kube-state-metrics, the node exporter.

    It comes up once the monitors of all charts can be there: what its first configuration holds need not be loaded later.
    """

    name: ClassVar[str] = "monitoring"
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "monitor-definitions")
    uses: ClassVar[tuple[str, ...]] = ("sealed-secrets", "ingress")
    within_s: ClassVar[float] = 180.0
    brought_images: ClassVar[tuple[str, ...]] = (
        "prometheus-operator",
        "prometheus-config-reloader",
        "prometheus",
        "alertmanager",
        "kube-state-metrics",
        "node-exporter",
    )
    releases: ClassVar[tuple[Release, ...]] = (Release(RELEASE, RELEASE, NAMESPACE, asks_api_server=True),)
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("Deployment", "prometheus-operator", NAMESPACE),
        Workload("StatefulSet", f"prometheus-{RELEASE}", NAMESPACE),
        Workload("StatefulSet", f"alertmanager-{RELEASE}", NAMESPACE),
        Workload("Deployment", "kube-state-metrics", NAMESPACE),
        Workload("DaemonSet", "node-exporter", NAMESPACE),
        Workload("Deployment", "alert-receiver", NAMESPACE),
    )
    asked: ClassVar[tuple[str, ...]] = ("9090", "9093", "8080")

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return where the nodes are."""
        nodes = [f"{node_address(node)}/32" for node in self.kube.objects("Node")]
        return {"networkPolicy": {"nodeCidrs": sorted(nodes)}}

    def deploy(self) -> None:
        """Apply the definitions of what the operator makes, make the credentials of the hosts, and install the release.

        The definitions are large, and the operator looks for them once, when it starts: they are applied now and not ahead, when
        everybody else wants the processors.
        """
        monitor_definitions.apply(self.site, *_OF_OPERATOR)
        served = monitor_definitions.established(self.site, *_OF_OPERATOR)
        wait.until(served, named="the operator's resources served", within_s=_SOON_S)
        if self.kube.find("SealedSecret", credentials.NAME, NAMESPACE) is None:
            SealedSecrets(self.site).deliver(Credentials.made().as_secret(NAMESPACE))
        super().deploy()

    def ready(self) -> wait.Condition[Any]:
        """Hold when every workload has rolled out, and the credentials are unsealed."""
        return wait.every(super().ready(), SealedSecrets(self.site).unsealed(NAMESPACE, credentials.NAME))

    # -- what can be asked of it ---------------------------------------------------------------------------------

    @property
    def credentials(self) -> Credentials:
        """Who is let in to its hosts."""
        return Credentials.of(self.kube.get("Secret", credentials.NAME, NAMESPACE))

    @cached_property
    def prometheus(self) -> Prometheus:
        """Prometheus' API."""
        return Prometheus(self.kube, NAMESPACE, "prometheus")

    @cached_property
    def alertmanager(self) -> Alertmanager:
        """Alertmanager's API."""
        return Alertmanager(self.kube, NAMESPACE, "alertmanager")

    @cached_property
    def receiver(self) -> AlertReceiver:
        """What Alertmanager has delivered."""
        return AlertReceiver(self.kube, NAMESPACE, "alert-receiver")

    def restart(self) -> None:
        """Have Prometheus and Alertmanager end as they are told to (SIGTERM), and wait until both are ready anew.

        Raises:
            wait.Timeout: one is not.
        """
        cluster = Cluster(self.site)
        for pod, container in SERVERS.items():
            before = k8s.container_id(self.kube.get("Pod", pod, NAMESPACE), container)
            cluster.signal(NAMESPACE, pod, container, "SIGTERM")
            wait.until(self._another(pod, container, before), named=f"{pod} ready anew", within_s=_SOON_S)

    def _another(self, pod: str, container: str, before: str) -> wait.Condition[None]:
        def judge(pods: dict[str, Object]) -> wait.Observation[None]:
            found = pods.get(pod, {})
            another = k8s.container_id(found, container) not in ("", before)
            return wait.Observation(another and k8s.pod_ready(found), None, f"{pod}: {k8s.pod_state(found)}")

        return self.kube.watch("Pod", NAMESPACE, judge, name=pod)

    def scraped(self) -> wait.Condition[int]:
        """Return a condition: every target that should be there is, and all are up; its value is their number."""
        flows = Flows.read(self.site.paths.local, online=False)

        def look() -> wait.Observation[int]:
            wanted = scraping.expected(flows, SCRAPER, self.kube.objects("Pod", None), self.kube.objects("Node"))
            lacking = scraping.missing(wanted, self.prometheus.targets())
            state = "; ".join(lacking) or f"{len(wanted)} targets are up"
            return wait.Observation(not lacking, len(wanted), state)

        return wait.poll(look, every_s=0.5)
