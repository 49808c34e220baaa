"""Who is there: every pod that can send, and every port that could be reached, as the API server and the nodes tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plumbline.components.isolation.flows import NODE, OUTSIDE, Port
from plumbline.kube.api import Object, name_of

_STANDING = ("Pending", "Running")
_NAMES = Port(53, "UDP")
_MINUTE = re.compile(r"-\d+$")  # what a CronJob adds to its name for each Job


@dataclass(frozen=True)
class Source:
    """One network namespace from which connections are tried.

    Attributes:
        name: "namespace/pod", or that of a node.
        place: what the table calls it: "namespace/workload", or "node".
        address: its address; empty for a node.
        container: id of a container that is in it; empty for a node.
        node: the node that it is on, or is.
    """

    name: str
    place: str
    address: str = ""
    container: str = ""
    node: str = ""


@dataclass(frozen=True, order=True)
class Backend:
    """Where a connection ends: a place that the table knows, a port of it, its address, and the node that it is on."""

    place: str
    port: Port
    address: str
    node: str = ""


@dataclass(frozen=True)
class Target:
    """One port at one address.

    Attributes:
        name: "namespace/pod", "Service namespace/name", a node, or "outside".
        address: where connections go.
        port: and to which port.
        backends: what is behind it: its own pod, or those of a Service.
    """

    name: str
    address: str
    port: Port
    backends: tuple[Backend, ...]

    def __str__(self) -> str:
        """Name it with its port."""
        return f"{self.name} port {self.port}"


@dataclass(frozen=True)
class Census:
    """Everything between which connections can be tried."""

    sources: tuple[Source, ...]
    targets: tuple[Target, ...]


def workload(pod: Object) -> str:
    """Return "namespace/name" of what a pod belongs to: its Deployment, StatefulSet, DaemonSet or CronJob, or what the node calls it."""
    meta = pod["metadata"]
    name, owners = str(meta["name"]), meta.get("ownerReferences", [])
    if owners:
        owner = owners[0]
        template = meta.get("labels", {}).get("pod-template-hash", "")
        match owner["kind"]:
            case "ReplicaSet":
                name = str(owner["name"]).removesuffix(f"-{template}")
            case "Node":
                name = name.removesuffix(f"-{owner['name']}")
            case "Job":
                name = _MINUTE.sub("", str(owner["name"]))
            case _:
                name = str(owner["name"])
    return f"{meta['namespace']}/{name}"


def scheduled(cron_jobs: Iterable[Object]) -> list[Object]:
    """Return the pods that CronJobs will start, as their templates have them."""
    pods = []
    for cron_job in cron_jobs:
        meta, template = cron_job["metadata"], cron_job["spec"]["jobTemplate"]["spec"]["template"]
        name = f"{meta['name']}-0"
        own = {"namespace": meta["namespace"], "name": name, "ownerReferences": [{"kind": "Job", "name": name}]}
        pods.append({"metadata": own, "spec": template["spec"], "status": {"phase": "Pending"}})
    return pods


def standing(pods: Iterable[Object]) -> list[Object]:
    """Return the pods that are there to stay: neither ended nor about to end."""
    return [
        pod for pod in pods if pod["status"].get("phase") in _STANDING and "deletionTimestamp" not in pod["metadata"]
    ]


def places(pods: Iterable[Object]) -> dict[str, str]:
    """Return the workload of each standing pod ("namespace/pod") that has a network of its own."""
    return {name_of(pod): workload(pod) for pod in standing(pods) if not pod["spec"].get("hostNetwork")}


def sources(pods: Iterable[Object], nodes: Iterable[str]) -> tuple[Source, ...]:
    """Return the nodes, and every standing pod that has a network of its own and runs."""
    found = [Source(node, NODE, node=node) for node in nodes]
    for pod in standing(pods):
        running = [c["containerID"] for c in pod["status"].get("containerStatuses", []) if "running" in c["state"]]
        if running and not pod["spec"].get("hostNetwork"):
            identity = str(running[0]).removeprefix("containerd://")
            found.append(Source(name_of(pod), workload(pod), pod["status"]["podIP"], identity, pod["spec"]["nodeName"]))
    return tuple(found)


def targets(
    pods: Iterable[Object],
    services: Iterable[Object],
    slices: Iterable[Object],
    listening: Mapping[str, Iterable[int]],
    nodes: Mapping[str, str],
    outside: Iterable[tuple[str, int]],
) -> tuple[Target, ...]:
    """Return every port that could be reached.

    Args:
        pods: all pods.
        services: all Services.
        slices: all EndpointSlices, which tell what is behind each Service.
        listening: the ports that take TCP connections, by source.
        nodes: the address of each node.
        outside: addresses and ports of listeners outside of the cluster.
    """
    found = []
    at = {address: (NODE, node) for node, address in nodes.items()}
    for pod in standing(pods):
        if pod["spec"].get("hostNetwork") or not pod["status"].get("podIP"):
            continue
        name, place, address = name_of(pod), workload(pod), str(pod["status"]["podIP"])
        node = str(pod["spec"]["nodeName"])
        at[address] = place, node
        ports = {Port(number) for number in listening.get(name, ())} | _declared(pod)
        found += [_single(name, place, address, port, node) for port in sorted(ports)]
    found += _of_services(services, list(slices), at, nodes)
    found += [
        _single(node, NODE, address, Port(number), node)
        for node, address in nodes.items()
        for number in sorted(listening.get(node, ()))
    ]
    found += [_single(OUTSIDE, OUTSIDE, address, Port(number)) for address, number in outside]
    return tuple(found)


def _single(name: str, place: str, address: str, port: Port, node: str = "") -> Target:
    return Target(name, address, port, (Backend(place, port, address, node),))


def _declared(pod: Object) -> set[Port]:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports", [])]
    declared = {Port(port["containerPort"], port.get("protocol", "TCP")) for port in ports}
    return {port for port in declared if _can_be_asked(port)}


def _can_be_asked(port: Port) -> bool:
    """Whether an open port is told from a closed one: by UDP only where an answer can be demanded, which is where names are."""
    return port.protocol == "TCP" or port == _NAMES


def _of_services(
    services: Iterable[Object], slices: list[Object], at: Mapping[str, tuple[str, str]], nodes: Mapping[str, str]
) -> list[Target]:
    """Return the ports of Services by each of their addresses, on nodes that have a pod of theirs; headless ones are their pods."""
    found = []
    for service in services:
        meta, spec = service["metadata"], service["spec"]
        if spec.get("clusterIP", "None") == "None":
            continue
        balanced = [given["ip"] for given in service.get("status", {}).get("loadBalancer", {}).get("ingress") or []]
        own = [each for each in slices if _belongs(each, meta)]
        for port in spec["ports"]:
            protocol, backends = port.get("protocol", "TCP"), _backends(own, port, at)
            if not _can_be_asked(Port(port["port"], protocol)):
                continue
            places = [(address, port["port"], backends) for address in (spec["clusterIP"], *balanced)]
            for node, address in nodes.items() if "nodePort" in port else ():
                here = tuple(backend for backend in backends if backend.node == node)
                places += [(address, port["nodePort"], here)] if here else []
            name = f"Service {meta['namespace']}/{meta['name']}"
            found += [
                Target(f"{name} at {address}", address, Port(number, protocol), behind)
                for address, number, behind in places
            ]
    return found


def _belongs(endpoints: Object, service: Object) -> bool:
    meta = endpoints["metadata"]
    name = meta.get("labels", {}).get("kubernetes.io/service-name")
    return (meta["namespace"], name) == (service["namespace"], service["name"])


def _backends(slices: Iterable[Object], port: Object, at: Mapping[str, tuple[str, str]]) -> tuple[Backend, ...]:
    found = {
        Backend(place, Port(each["port"], each.get("protocol", "TCP")), address, node)
        for endpoints in slices
        for each in endpoints.get("ports") or []
        if each.get("name", "") == port.get("name", "")
        for endpoint in endpoints.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready", True)
        for address in endpoint["addresses"]
        for place, node in [at.get(address, (address, ""))]
    }
    return tuple(sorted(found))
