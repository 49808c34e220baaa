"""A cluster that stands: what can be asked of it and of its nodes, and done to what runs there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from ipaddress import IPv4Network, ip_address

from plumbline.components.base import Component
from plumbline.components.node import containers, control_plane, kind_config
from plumbline.components.node.containers import Container
from plumbline.components.node.control_plane import Pinned
from plumbline.components.node.host import Network
from plumbline.core import shell
from plumbline.kube import api as k8s
from plumbline.kube import probes
from plumbline.kube.probes import Question


class StandingCluster(Component):
    """A cluster on nodes that are containers, once it stands."""

    # -- its nodes -----------------------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> dict[str, str]:
        """What the environment of ``docker`` and ``kind`` needs so that they reach the engine."""
        from plumbline.images import engine  # noqa: PLC0415

        return engine.docker_env()

    def node_exec(
        self,
        *argv: str,
        node: str = "",
        within_s: float = 30,
        input: str | None = None,  # noqa: A002  (as shell.run calls it)
        check: bool = True,
    ) -> shell.Result:
        """Run a program in a node's container, as root, in the node's namespaces; without a ``node`` in the first one."""
        words = ["docker", "exec", "--interactive", node or self.node_container, *argv]
        return shell.run(words, within_s=within_s, env=self.engine, input=input, check=check)

    def ctr(self, *words: str, node: str = "", check: bool = True) -> shell.Result:
        """Tell a node's containerd something about what is Kubernetes'; without a ``node`` that of the first one."""
        return self.node_exec("ctr", "--namespace", "k8s.io", *words, node=node, check=check)

    def each_node[T](self, act: Callable[[str], T]) -> dict[str, T]:
        """Do something with every node, all at once, and return what came of it, by the node's name."""
        nodes = list(self.site.nodes)
        with ThreadPoolExecutor(len(nodes)) as pool:
            return dict(zip(nodes, pool.map(act, nodes), strict=True))

    @property
    def node_container(self) -> str:
        """Name of the first node's container in the engine: that of the control plane."""
        return next(iter(self.site.nodes))

    def subnet(self) -> str:
        """Return the IPv4 subnet of the engine's network that the nodes are on, for example "172.18.0.0/16"."""
        result = shell.run(["docker", "network", "inspect", Network.NAME], within_s=20, env=self.engine)
        subnets: list[str] = [entry["Subnet"] for entry in json.loads(result.stdout)[0]["IPAM"]["Config"]]
        return next(subnet for subnet in subnets if ":" not in subnet)

    def address(self) -> str:
        """Return the first node's IPv4 address in that network: that of the API server."""
        return k8s.node_address(self.kube.get("Node", self.node_container))

    # -- what it is asked --------------------------------------------------------------------------------------

    def nodes(self) -> list[k8s.Object]:
        """Return the Node objects."""
        return self.kube.objects("Node")

    def restarts(self) -> dict[str, int]:
        """Return how often each pod's containers were restarted, by "namespace/name"."""
        pods = self.kube.objects("Pod", None)
        return {k8s.name_of(pod): k8s.restarts(pod) for pod in pods}

    def health(self, only: str = "") -> dict[str, str]:
        """Return what each part of the cluster (or ``only`` one of the nodes' parts) says of its health: "ok", or what is wrong."""

        def ask(node: str) -> dict[str, str]:
            return control_plane.of_node(partial(self.node_exec, node=node), self.site.nodes[node], only)

        said = {f"{part} on {node}": text for node, told in self.each_node(ask).items() for part, text in told.items()}
        return said if only else {"kube-apiserver": control_plane.of_api_server(self.kube), **said}

    def unready(self) -> dict[str, str]:
        """Return the nodes that are not Ready, with what they say of it."""
        return control_plane.unready(self.nodes())

    @cached_property
    def ranges(self) -> tuple[IPv4Network, IPv4Network]:
        """The ranges of the pods' and of the Services' addresses."""
        network = kind_config.read(self.site.paths.local, self.site.config)["networking"]
        return IPv4Network(network["podSubnet"]), IPv4Network(network["serviceSubnet"])

    def questions(self) -> set[Question]:
        """Return who talked to which name server within the last half minute, as the nodes' connection tracking has it."""
        said = self.each_node(lambda node: self.node_exec(*probes.LIST_QUESTIONS, node=node, check=False).stdout)
        return set[Question]().union(*map(probes.read_questions, said.values()))

    def leaves(self, question: Question) -> bool:
        """Return whether a question came from a pod and left the cluster."""
        source, target = ip_address(question.source), ip_address(question.target)
        return source in self.ranges[0] and not any(target in inside for inside in self.ranges)

    def ask(self, server: str) -> None:
        """Send a question for names from the first node to a server, and wait for no answer."""
        self.node_exec(*probes.question_to(server))

    def containers(self) -> list[Container]:
        """Return every container that runs on a node."""
        found = self.each_node(lambda node: containers.running(partial(self.node_exec, node=node)))
        return [container for running in found.values() for container in running]

    def strangers(self, found: Iterable[Container]) -> list[str]:
        """Return, in words, which of them run an image that the lock does not name, or not with the content that it should have."""
        return containers.strangers(found, lambda ref: containers.pedigree(self.site.paths, self.site.config, ref))

    def pinned(self) -> Pinned:
        """Return the versions that the nodes' recipe asks for."""
        return control_plane.pinned(self.site.paths)

    def pods(self) -> list[k8s.Object]:
        """Return every pod of the cluster."""
        return self.kube.objects("Pod", None)

    def cron_jobs(self) -> list[k8s.Object]:
        """Return every CronJob of the cluster."""
        return self.kube.objects("CronJob", None)

    def namespaces(self) -> list[k8s.Object]:
        """Return the Namespace objects."""
        return self.kube.objects("Namespace")

    # -- what is done to it ------------------------------------------------------------------------------------

    def kill(self, namespace: str, pod: str, container: str) -> None:
        """Send SIGKILL to a container's first process."""
        self.signal(namespace, pod, container, "SIGKILL")

    def signal(self, namespace: str, pod: str, container: str, signal: str) -> None:
        """Send a signal to a container's first process, by the containerd of the pod's node."""
        found = self.kube.get("Pod", pod, namespace)
        identity = k8s.container_id(found, container).removeprefix("containerd://")
        self.ctr("task", "kill", "-s", signal, identity, node=found["spec"]["nodeName"])
