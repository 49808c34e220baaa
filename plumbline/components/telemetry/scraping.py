"""What should be scraped: every port that the table of flows opens to Prometheus is there to be scraped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plumbline.components.isolation import census
from plumbline.components.isolation.flows import NODE, Flows, Port, Row
from plumbline.components.telemetry.prometheus import Target
from plumbline.kube import api as k8s
from plumbline.kube.api import Object


@dataclass(frozen=True, order=True)
class Expected:
    """One target that should be up.

    Attributes:
        who: the pod or node.
        address: "address:port".
    """

    who: str
    address: str

    def __str__(self) -> str:
        """Name it."""
        return f"{self.who} ({self.address})"


def expected(flows: Flows, scraper: str, pods: Iterable[Object], nodes: Iterable[Object]) -> list[Expected]:
    """Return the targets that should be up now.

    Args:
        flows: the table of flows.
        scraper: what the table calls Prometheus ("namespace/workload").
        pods: all pods.
        nodes: all nodes.
    """
    rows = [row for row in flows.rows if scraper in row.sources]
    found = set[Expected]()
    for pod in census.standing(pods):
        on_node = pod["spec"].get("hostNetwork", False)
        place = NODE if on_node else census.workload(pod)
        ports = [port for each in pod["spec"]["containers"] for port in each.get("ports", ())]
        for port in ports:
            if _opened(rows, place, Port(port["containerPort"], port.get("protocol", "TCP"))):
                found.add(Expected(pod["metadata"]["name"], f"{pod['status'].get('podIP')}:{port['containerPort']}"))
    for node in nodes:
        kubelet = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        if _opened(rows, NODE, Port(kubelet)):
            found.add(Expected(f"kubelet of {node['metadata']['name']}", f"{k8s.node_address(node)}:{kubelet}"))
    return sorted(found)


def missing(wanted: Iterable[Expected], targets: Iterable[Target]) -> list[str]:
    """Return, in words, what is not scraped although it should be, and what is scraped in vain."""
    targets = list(targets)
    known = {target.address for target in targets}
    return [f"{one}: no target" for one in wanted if one.address not in known] + [
        str(target) for target in targets if target.health != "up"
    ]


def _opened(rows: Iterable[Row], place: str, port: Port) -> bool:
    return any(row.covers(place, port) for row in rows)
