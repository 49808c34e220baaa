"""Pods reach pods of other nodes: each node has a range of pod addresses of its own, and routes to those of the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, ClassVar

from plumbline.components.base import Component, Site
from plumbline.components.cluster import Cluster
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Object

_CONFLIST = "/etc/cni/net.d/10-ptp.conflist"
_DEALT_WITHIN_S = 60.0

# The list is replaced at once, never half-written: containerd reads it as soon as it changes.
_SET_UP = """
cat > "$1.new"
mv "$1.new" "$1"
shift
while [ $# -gt 0 ]; do
    ip route replace "$1" via "$2"
    shift 2
done
"""


@dataclass(frozen=True)
class Home:
    """A node, as the others find it.

    Attributes:
        node: its name.
        address: its address on the network of the nodes.
        pods: its range of pod addresses (``spec.podCIDR``).
    """

    node: str
    address: str
    pods: IPv4Network


class PodNetwork(Component):
    """The node image's ptp plug-in (https://www.cni.dev/plugins/current/main/ptp), told of the node that it is on.

    The first node's range stands in the image, so a single node waits for nothing. Of several, each is told its own range
    and the way to the others, before anything with a pod network comes to it.
    """

    name: ClassVar[str] = "pod-network"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)

    def __init__(self, site: Site) -> None:
        """Bind to the place."""
        super().__init__(site)
        self.cluster = Cluster(site)

    def deploy(self) -> None:
        """Tell each node its range, once the control plane has dealt them out, and the way to the others."""
        if self._alone:
            return
        homes = wait.until(self._dealt_out(), named="ranges of pod addresses dealt out", within_s=_DEALT_WITHIN_S)
        mine = {home.node: home for home in homes}

        def tell(node: str) -> None:
            ways = [word for way in routes(homes, node).items() for word in way]
            conflist = json.dumps(with_range(self._template(), mine[node].pods), indent=2)
            self.cluster.node_exec("sh", "-ec", _SET_UP, "sh", _CONFLIST, *ways, node=node, input=conflist)

        self.cluster.each_node(tell)

    def ready(self) -> wait.Condition[Any]:
        """Hold when every node knows the way to the pods of each other one."""
        return wait.holds(lambda: True) if self._alone else wait.poll(self._routed, every_s=0.2)

    def fingerprint(self) -> str:
        """Return a checksum of what each node is told beside its own range."""
        return "" if self._alone else json.dumps(self._template())

    @property
    def _alone(self) -> bool:
        return len(self.site.nodes) == 1

    def _template(self) -> dict[str, Any]:
        """Return the list of plug-ins that the node image brings."""
        file = self.site.paths.local / "images" / "node" / "files" / _CONFLIST.removeprefix("/")
        return json.loads(file.read_text())  # type: ignore[no-any-return]

    def _dealt_out(self) -> wait.Condition[list[Home]]:
        def judge(nodes: dict[str, Object]) -> wait.Observation[list[Home]]:
            homes = [home_of(node) for node in nodes.values() if node["spec"].get("podCIDR")]
            lacking = sorted(set(self.site.nodes) - {home.node for home in homes})
            return wait.Observation(not lacking, homes, f"without a range: {', '.join(lacking)}")

        return self.kube.watch("Node", "", judge)

    def _routed(self) -> wait.Observation[None]:
        homes = [home_of(node) for node in self.cluster.nodes()]

        def lost(node: str) -> list[str]:
            known = {route["dst"]: route.get("gateway") for route in self._routes(node)}
            return [pods for pods, address in routes(homes, node).items() if known.get(pods) != address]

        told = [
            f"{node} does not know the way to {', '.join(to)}"
            for node, to in self.cluster.each_node(lost).items()
            if to
        ]
        return wait.Observation(not told, None, "; ".join(told))

    def _routes(self, node: str) -> list[dict[str, Any]]:
        said = self.cluster.node_exec("ip", "-json", "route", "show", node=node)
        return json.loads(said.stdout)  # type: ignore[no-any-return]


def home_of(node: Object) -> Home:
    """Return what a Node object tells of a node's place in the network."""
    return Home(str(node["metadata"]["name"]), k8s.node_address(node), IPv4Network(node["spec"]["podCIDR"]))


def routes(homes: Sequence[Home], node: str) -> dict[str, str]:
    """Return the way from a node to the pods of each other one: the address of the node that leads to a range."""
    return {str(home.pods): home.address for home in homes if home.node != node}


def with_range(conflist: dict[str, Any], pods: IPv4Network) -> dict[str, Any]:
    """Return a list of CNI plug-ins that gives out a node's own range.

    The subnet stays that of all pods: what goes to one of them is not masqueraded, so policies see who sends.
    """
    told = deepcopy(conflist)
    told["plugins"][0]["ipam"]["ranges"][0][0] |= {
        "rangeStart": str(pods[2]),
        "rangeEnd": str(pods[-2]),
        "gateway": str(pods[1]),
    }
    return told
