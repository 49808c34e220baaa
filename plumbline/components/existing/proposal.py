"""A map is proposed: what is found in some namespaces of a cluster, and what answers there now, for its user to correct."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import get_args, get_type_hints

from plumbline.components.base import Workload
from plumbline.components.existing.mapping import Balancer, Chain, Cluster, Host, Map, Monitoring, Node
from plumbline.components.existing.monitoring import PrometheusAt
from plumbline.components.existing.nodes import Addressed
from plumbline.components.existing.stack import answer
from plumbline.core.errors import PlumblineError, UsageError
from plumbline.kube.api import Kube, Object, balanced_address

OLDEST_HEAD_S = 60.0  # what is proposed: five slots
_KINDS = get_args(get_type_hints(Workload)["kind"])
_OF_KUBERNETES = "kube-"
_PREFACE = """\
# What plumbline found. Read it, and correct it: what stands here is what the controls demand. Leave out what is not to be judged.
"""


def propose(kube: Kube, namespaces: Iterable[str] = ()) -> Map:
    """Return a map of what stands in some namespaces (default: all that have workloads, but Kubernetes' own).

    Raises:
        UsageError: nothing is there.
    """
    asked = set(namespaces)
    workloads = tuple(load for load in _workloads(kube) if load.namespace in asked or not asked)
    spaces = tuple(sorted({load.namespace for load in workloads}))
    if not spaces:
        raise UsageError(f"context {kube.context} has no workload in {', '.join(sorted(asked)) or 'any namespace'}")
    services = [each for each in kube.objects("Service", None) if each["metadata"]["namespace"] in spaces]
    ingresses = [each for each in kube.objects("Ingress", None) if each["metadata"]["namespace"] in spaces]
    hosts = tuple(hosts_of(ingresses))
    version = kube.objects("Node")[0]["status"]["nodeInfo"]["kubeletVersion"]
    return Map(
        Cluster(version, spaces),
        workloads,
        tuple(_balancers(services)),
        tuple(replace(host, status=int(said)) for host in hosts if (said := answer(host)).isdigit()),
        _chain(hosts),
        _monitoring(hosts),
    )


def text(mapped: Map) -> str:
    """Return a proposal as the file that its user is given."""
    return f"{_PREFACE}\n{mapped.text()}"


def _workloads(kube: Kube) -> Iterator[Workload]:
    for kind in _KINDS:
        for found in kube.objects(kind, None):
            meta = found["metadata"]
            if not meta["namespace"].startswith(_OF_KUBERNETES):
                yield Workload(kind, meta["name"], meta["namespace"])


def _balancers(services: Iterable[Object]) -> Iterator[Balancer]:
    """Yield the Services that have an address of a load balancer, each with a pool of that address alone."""
    for service in services:
        if address := balanced_address(service):
            yield Balancer(service["metadata"]["namespace"], service["metadata"]["name"], f"{address}/32")


def hosts_of(ingresses: Iterable[Object]) -> Iterator[Host]:
    """Yield each host of the Ingresses at the address that its controller says it has."""
    for ingress in ingresses:
        address = balanced_address(ingress)
        for rule in ingress["spec"].get("rules", []) if address else []:
            if rule.get("host"):
                yield Host(f"http://{address}", rule["host"])


def _chain(hosts: Iterable[Host]) -> Chain | None:
    """Return the network of the first host that an execution client answers at, with all that are on the same one."""
    found: list[tuple[Node, int]] = []
    chain: Chain | None = None
    for host in hosts:
        client = Addressed(host.host, host.url, host.host)
        try:
            on, peers = client.identity, client.peers
        except (PlumblineError, OSError, ValueError, LookupError):
            continue  # it is none
        fork_id = on.schedule.current.fork_id
        chain = chain or Chain(on.chain_id, on.network_id, on.genesis_hash, fork_id, 0, OLDEST_HEAD_S, ())
        if (on.chain_id, on.genesis_hash) == (chain.chain_id, chain.genesis_hash):
            found.append((Node(host.host.partition(".")[0], host.url, host.host), peers))
    if chain is None:
        return None
    return replace(chain, peers=min(peers for _, peers in found), node=tuple(node for node, _ in found))


def _monitoring(hosts: Iterable[Host]) -> Monitoring | None:
    """Return the first host at which a Prometheus answers, with the pools of what it scrapes."""
    for host in hosts:
        try:
            targets = PrometheusAt(host.url, host.host).targets()
        except OSError:
            continue  # it is none
        return Monitoring(host.url, tuple(sorted({target.pool for target in targets})), host.host)
    return None
