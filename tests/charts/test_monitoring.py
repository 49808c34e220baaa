"""The monitoring chart: what the operator is asked to make, what is scraped, and who is let in to whom."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from chartrender import OPERATED, ROOT, Object, Rendering, containers, title

from plumbline.components.isolation.flows import Flows, Port
from plumbline.components.monitoring import SCRAPER, Monitoring
from plumbline.kube.selectors import selects

SELECTED = {"release": "kube-prometheus-stack"}
MONITORS = ("ServiceMonitor", "PodMonitor", "ScrapeConfig")


@pytest.fixture(scope="session")
def chart(renderings: dict[str, Rendering]) -> Rendering:
    return renderings["kube-prometheus-stack-local"]


@pytest.mark.parametrize("kind", OPERATED)
def test_what_the_operator_makes_is_pinned_restricted_and_limited(kind: str, renderings: dict[str, Rendering]) -> None:
    refs = {entry["ref"] for entry in tomllib.loads((ROOT / "local" / "images" / "lock.toml").read_text()).values()}
    for name in ("local", "prod", "several"):
        made = renderings[f"kube-prometheus-stack-{name}"].one(kind)["spec"]

        assert made["image"] in refs
        assert made["image"].endswith(f":{made['version']}")
        assert made["securityContext"]["runAsNonRoot"] is True
        assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "memory" in made["resources"]["limits"]
        assert "cpu" not in made["resources"]["limits"]
        assert made["storage"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]


def test_what_the_operator_makes_is_ready_when_it_answers(chart: Rendering) -> None:
    for kind in OPERATED:
        (container,) = chart.one(kind)["spec"]["containers"]

        assert container["name"] == kind.lower()
        assert container["readinessProbe"]["periodSeconds"] == 1


def test_every_monitor_of_the_local_stack_is_selected(local_stack: list[Rendering], chart: Rendering) -> None:
    prometheus = chart.one("Prometheus")["spec"]
    for kind in ("serviceMonitor", "podMonitor", "scrapeConfig", "rule"):
        assert prometheus[f"{kind}Selector"] == {"matchLabels": SELECTED}
        assert prometheus[f"{kind}NamespaceSelector"] == {}
    monitors = [each for rendering in local_stack for each in rendering.of_kind(*MONITORS, "PrometheusRule")]

    assert len(monitors) > 10
    assert [
        title(each) for each in monitors if not selects({"matchLabels": SELECTED}, each["metadata"]["labels"])
    ] == []


def test_every_port_that_is_open_to_prometheus_has_a_monitor(local_stack: list[Rendering]) -> None:
    """What Kubernetes brings itself is no chart's: MON-001 sees to that, in the cluster."""
    flows = Flows.read(ROOT / "local", online=False)
    watched, declared = set(), set()
    for rendering in local_stack:
        for pods in rendering.pods:
            for name, number in pods.ports.items():
                if any(SCRAPER in row.sources and row.covers(pods.place, Port(number)) for row in flows.rows):
                    declared.add((pods.place, number))
                if scraped(rendering, local_stack, pods.labels, name):
                    watched.add((pods.place, number))

    assert watched == declared
    assert len(declared) > 10


def scraped(rendering: Rendering, stack: list[Rendering], labels: Object, port: str) -> bool:
    """Whether a monitor of a stack scrapes a port of a rendering's pods: its own, or that of another release beside it."""
    for monitor in beside(rendering, stack, "PodMonitor"):
        ports = {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]}
        if port in ports and selects(monitor["spec"]["selector"], labels):
            return True
    for monitor in beside(rendering, stack, "ServiceMonitor"):
        for service in rendering.of_kind("Service"):
            if selects(monitor["spec"]["selector"], service["metadata"]["labels"]) and selects(
                {"matchLabels": service["spec"].get("selector", {"": ""})}, labels
            ):
                asked = {each["port"] for each in monitor["spec"]["endpoints"]}
                if any(each["name"] in asked and each["targetPort"] == port for each in service["spec"]["ports"]):
                    return True
    return False


def beside(rendering: Rendering, stack: list[Rendering], kind: str) -> list[Object]:
    """Return the objects of a kind in a rendering's namespace."""
    return [found for other in stack if other.way.namespace == rendering.way.namespace for found in other.of_kind(kind)]


def test_each_geth_node_has_one_scraper(local_stack: list[Rendering], chart: Rendering) -> None:
    """Geth's timers are reset by whoever reads them."""
    assert chart.one("Prometheus")["spec"]["replicas"] == 1
    for rendering in local_stack:
        if rendering.way.chart == "geth-node":
            services = [
                service["metadata"]["name"]
                for monitor in beside(rendering, local_stack, "ServiceMonitor")
                for service in rendering.of_kind("Service")
                if selects(monitor["spec"]["selector"], service["metadata"]["labels"])
            ]
            assert services == [f"{rendering.way.release}-peers"]


def test_receivers_and_routes_fit_each_other(renderings: dict[str, Rendering]) -> None:
    """The operator refuses a configuration whose route leads nowhere, and goes on with the one before."""
    for name in ("local", "prod"):
        spec = renderings[f"kube-prometheus-stack-{name}"].one("AlertmanagerConfig")["spec"]
        known = [receiver["name"] for receiver in spec["receivers"]]

        assert set(named_receivers(spec["route"])) == set(known)
        assert len(set(known)) == len(known)


def named_receivers(route: dict[str, Any]) -> list[str]:
    return [route["receiver"], *(name for child in route.get("routes", ()) for name in named_receivers(child))]


def test_credentials_of_receivers_are_secrets_and_documented(renderings: dict[str, Rendering]) -> None:
    readme = (ROOT / "charts" / "kube-prometheus-stack" / "README.md").read_text()
    for receiver in renderings["kube-prometheus-stack-prod"].one("AlertmanagerConfig")["spec"]["receivers"]:
        for configs in (value for key, value in receiver.items() if key != "name"):
            for config in configs:
                (secret,) = [value for value in config.values() if isinstance(value, dict)]
                assert f"| `{secret['name']}` | `{secret['key']}` |" in readme


def test_alerts_are_delivered_to_the_receiver_of_the_chart(chart: Rendering) -> None:
    spec = chart.one("AlertmanagerConfig")["spec"]
    urls = {config["url"] for receiver in spec["receivers"] for config in receiver["webhookConfigs"]}
    service = chart.one("Service", "alert-receiver")
    base = f"http://alert-receiver.{chart.way.namespace}.svc.cluster.local:{service['spec']['ports'][0]['port']}"

    assert {url.rpartition("/alerts/")[0] for url in urls} == {base}
    for receiver in spec["receivers"]:
        for config in receiver["webhookConfigs"]:
            assert config["url"].rpartition("/")[2] == receiver["name"], "the receiver keeps by which way alerts came"


def test_the_api_server_may_ask_what_is_asked_through_it(chart: Rendering) -> None:
    meant = [pods for pods in chart.pods if pods.labels["app.kubernetes.io/component"] == Monitoring.name]
    ports = {number for pods in meant for number in pods.ports.values()}

    assert {int(port) for port in Monitoring.asked} <= ports


def test_the_stack_waits_for_what_the_chart_brings(chart: Rendering) -> None:
    brought = {(each["kind"], each["metadata"]["name"]) for each in chart.workloads}
    brought |= {("StatefulSet", f"{kind.lower()}-{chart.one(kind)['metadata']['name']}") for kind in OPERATED}

    assert {(load.kind, load.name) for load in Monitoring.workloads} == brought
    assert f"{chart.way.namespace}/prometheus-{chart.one('Prometheus')['metadata']['name']}" == SCRAPER


def test_the_pin_of_the_operator_is_that_of_its_definitions(chart: Rendering, tmp_path: Path) -> None:
    program = tomllib.loads((ROOT / "local" / "programs" / "prometheus-operator" / "program.toml").read_text())
    images = [each["image"] for each in containers(chart.one("Deployment", "prometheus-operator"))]

    assert [image.rpartition(":")[2] for image in images] == [program["version"]]
