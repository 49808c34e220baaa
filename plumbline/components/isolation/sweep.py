"""The sweep: every connection of the matrix is tried at once, from the network namespaces of the pods themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.components.isolation import census, matrix, prober
from plumbline.components.isolation.census import Census, Source, Target
from plumbline.components.isolation.flows import Flows, denies_by_default
from plumbline.components.isolation.matrix import Matrix
from plumbline.components.network_policy import NetworkPolicy
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Object, node_address

_CONNECT_WITHIN_S = 3.0  # a lost SYN is sent again after one second
_PROBED_WITHIN_S = 30.0
# What pods would like of the world: names, the web, an API server, Geth's JSON-RPC and peers; 40000 is for none of these.
OUTSIDE_PORTS = (53, 80, 443, 6443, 8545, 30303, 40000)
# It ends by itself where we die before it.
_LISTEN = (
    "import socket, sys, time; held = [socket.create_server(('', int(port))) for port in sys.argv[1:]]; time.sleep(600)"
)


class Sweep:
    """Tries what is open between the pods of a stack, its nodes, and a machine outside."""

    def __init__(self, site: Site) -> None:
        """Bind to the place where the stack stands; nothing is touched yet."""
        self.site, self.kube, self.cluster = site, site.kube, Cluster(site)

    @cached_property
    def flows(self) -> Flows:
        """What should be open."""
        return Flows.read(self.site.paths.local, online=not NetworkPolicy(self.site).isolated)

    def settled(self) -> wait.Condition[Matrix]:
        """Hold when everything is as the table says; a policy takes effect a moment after it was written."""

        def look() -> wait.Observation[Matrix]:
            found = self.matrix()
            wrong = found.wrong()
            return wait.Observation(not wrong, found, "; ".join(wrong[:1]) or "all as listed")

        return wait.poll(look, every_s=0.5)

    def matrix(self) -> Matrix:
        """Try every pair once, and judge it.

        Raises:
            PlumblineError: the probe could not run.
        """
        start = time.monotonic()
        with self._neighbour() as outside:
            pods = self.kube.objects("Pod", None)
            senders = census.sources(pods, self.site.nodes)
            there = Census(senders, self._targets(pods, senders, outside))
            reached = self._probe(senders, there.targets, _CONNECT_WITHIN_S)["reached"]
        unlisted = matrix.strangers(self.flows, census.places(pods), there.targets)
        judged = matrix.judge(self.flows, there, reached, unlisted, leader=next(iter(self.site.nodes)))
        return replace(judged, seconds=time.monotonic() - start)

    def undefended(self) -> list[str]:
        """Return, in words, the namespaces without a policy that denies everything by default, both ways."""
        denied = {
            policy["metadata"]["namespace"]
            for policy in self.kube.objects("NetworkPolicy", None)
            if denies_by_default(policy)
        }
        names = [str(each["metadata"]["name"]) for each in self.cluster.namespaces()]
        return [f"namespace {name} does not deny by default, both ways" for name in names if name not in denied]

    def _targets(self, pods: list[Object], senders: Iterable[Source], outside: str) -> tuple[Target, ...]:
        listening = self._probe(senders, (), 0)["listening"]
        services, slices = self.kube.objects("Service", None), self.kube.objects("EndpointSlice", None)
        strange = [(outside, port) for port in OUTSIDE_PORTS]
        nodes = {str(node["metadata"]["name"]): node_address(node) for node in self.cluster.nodes()}
        return census.targets(pods, services, slices, listening, nodes, strange)

    def _probe(self, senders: Iterable[Source], wanted: Iterable[Target], within_s: float) -> Mapping[str, Any]:
        """Have every node probe from the namespaces that are on it, all at the same time, and return what they say together."""
        senders, program = list(senders), Path(prober.__file__).read_text()
        tried = [[target.address, target.port.number, target.port.protocol] for target in wanted]

        def probe(node: str) -> Mapping[str, Any]:
            here = {sender.name: sender.container for sender in senders if sender.node == node}
            orders = json.dumps({"sources": here, "targets": tried, "within_s": within_s})
            said = self.cluster.node_exec("python3", "-c", program, orders, node=node, within_s=_PROBED_WITHIN_S)
            return json.loads(said.stdout)  # type: ignore[no-any-return]

        answers = self.cluster.each_node(probe).values()
        if gone := [name for answer in answers for name in answer["gone"]]:
            raise PlumblineError(f"{', '.join(gone)} restarted while connections were tried: try again")
        return {
            what: {name: found for answer in answers for name, found in answer[what].items()}
            for what in ("listening", "reached")
        }

    @contextmanager
    def _neighbour(self) -> Iterator[str]:
        """Have a machine outside of the cluster that takes connections, and yield its address."""
        program = ("python3", "-c", _LISTEN, *map(str, OUTSIDE_PORTS))
        with self.cluster.neighbours.started(self.cluster.image, *program) as machine:
            yield self.cluster.neighbours.address(machine)
