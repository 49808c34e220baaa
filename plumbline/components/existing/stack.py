"""A stack that others installed, as the reading controls see it: the objects that the map names, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from plumbline.components.base import Workload
from plumbline.components.existing import access, demands, dial, in_cluster
from plumbline.components.existing.mapping import Balancer, Host, Map
from plumbline.components.existing.monitoring import MappedMonitoring
from plumbline.components.existing.nodes import MappedNodes
from plumbline.components.node import control_plane
from plumbline.core import state
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError, NotMapped, Unfit
from plumbline.core.paths import Paths
from plumbline.kube.api import Kube, Object, balanced_address
from plumbline.kube.transport import ApiError

UNKNOWN_HOST = "unknown.invalid"  # nobody serves it: RFC 2606


@dataclass(frozen=True)
class MappedCluster:
    """The cluster that a stack is in."""

    kube: Kube
    kubernetes: str

    def unready(self) -> dict[str, str]:
        """Return the nodes that are not Ready, or that run another version than the map says, with what they say of it."""
        nodes = self.kube.objects("Node")
        versions = {str(node["metadata"]["name"]): node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}
        others = {
            name: f"runs {found}, not {self.kubernetes}" for name, found in versions.items() if found != self.kubernetes
        }
        return {**others, **control_plane.unready(nodes)}

    def health(self) -> dict[str, str]:
        """Return what the API server says of its health; its other parts answer on their nodes only."""
        return {"kube-apiserver": control_plane.of_api_server(self.kube)}


class Existing:
    """A stack that others installed."""

    def __init__(self, kube: Kube, mapped: Map) -> None:
        """Bind the map to the API server, and to who asks it; nothing is asked yet."""
        self.kube, self.mapped = kube, mapped

    @classmethod
    def open(cls, config: Config, paths: Paths) -> Existing:
        """Return the stack that a configuration names.

        Raises:
            ConfigError: it does not say where that is, or the map is not what it should be.
        """
        if not config.map:
            raise ConfigError(
                "--target existing needs --map: the file that names the stack's parts; see docs/existing.md"
            )
        return cls(reached(config, paths), Map.read(Path(config.map)))

    @cached_property
    def excess(self) -> list[str]:
        """What who asks may do beyond reading, in words."""
        return access.excess(self.kube, self.mapped.cluster.namespaces)

    def require(self) -> None:
        """Demand that who asks may only read.

        Raises:
            Unfit: it may do more, or the API server does not tell.
        """
        context, fix = self.kube.context, f"use the account of local/{access.MANIFEST}, as docs/existing.md shows"
        try:
            found = self.excess
        except (ApiError, OSError) as error:
            raise Unfit(f"context {context} cannot be proved read-only ({error}): {fix}") from None
        if found:
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            raise Unfit(f"context {context} ({access.who(self.kube)}) {found[0]}{more}, so nothing was judged: {fix}")

    # -- its parts, by what they are ------------------------------------------------------------------------------

    @cached_property
    def cluster(self) -> MappedCluster:
        """The cluster."""
        return MappedCluster(self.kube, self.mapped.cluster.kubernetes)

    @cached_property
    def execution(self) -> MappedNodes:
        """The execution clients.

        Raises:
            NotMapped: the map names none.
        """
        if self.mapped.chain is None:
            raise NotMapped("chain")
        return MappedNodes(self.mapped.chain)

    @cached_property
    def monitoring(self) -> MappedMonitoring:
        """Prometheus.

        Raises:
            NotMapped: the map names none.
        """
        if self.mapped.monitoring is None:
            raise NotMapped("monitoring")
        return MappedMonitoring(self.mapped.monitoring)

    # -- what is wrong with it, in words --------------------------------------------------------------------------

    def not_rolled_out(self) -> list[str]:
        """Return which workloads do not run as they should."""
        return self._of_workloads(lambda who, found: [demands.not_rolled_out(who, found)])

    def unbounded(self) -> list[str]:
        """Return what the workloads' containers lack: pinned images, probes, requests and limits."""
        return self._of_workloads(demands.unbounded)

    def unbudgeted(self) -> list[str]:
        """Return which workloads of several replicas are under no budget that keeps one."""

        def judge(who: str, found: Object) -> list[str]:
            budgets = self.kube.objects("PodDisruptionBudget", found["metadata"]["namespace"])
            return [demands.unbudgeted(who, found, budgets)]

        return self._of_workloads(judge)

    def open_by_default(self) -> list[str]:
        """Return which namespaces do not deny traffic by default."""
        names = self.mapped.cluster.namespaces
        told = [demands.open_by_default(name, self.kube.objects("NetworkPolicy", name)) for name in names]
        return [text for text in told if text]

    def unreachable(self) -> list[str]:
        """Return which addresses and hosts clients outside do not get, or get although nobody serves them."""
        return [*self._misplaced(self.mapped.load_balancer), *self._silent(self.mapped.host)]

    def _of_workloads(self, judge: Callable[[str, Object], Iterable[str]]) -> list[str]:
        return [text for load in self.mapped.workload for text in self._judged(load, judge) if text]

    def _judged(self, load: Workload, judge: Callable[[str, Object], Iterable[str]]) -> Iterable[str]:
        who, found = demands.named(load), self.kube.find(load.kind, load.name, load.namespace)
        return [f"{who}: does not exist"] if found is None else judge(who, found)

    def _misplaced(self, balancers: Iterable[Balancer]) -> Iterator[str]:
        for each in balancers:
            found = self.kube.find("Service", each.service, each.namespace) or {}
            address = balanced_address(found)
            if not address:
                yield f"Service {each.namespace}/{each.service}: has no address"
            elif not each.holds(address):
                yield f"Service {each.namespace}/{each.service}: has address {address}, which is not of {each.pool}"

    def _silent(self, hosts: Iterable[Host]) -> Iterator[str]:
        hosts = tuple(hosts)
        nowhere = [Host(url, UNKNOWN_HOST, 404) for url in sorted({host.url for host in hosts})]
        asked = (*hosts, *nowhere)
        with ThreadPoolExecutor(len(asked) or 1) as pool:
            for host, said in zip(asked, pool.map(answer, asked), strict=True):
                if said != str(host.status):
                    yield f"host {host.host} at {host.url}: answers {said}, not {host.status}"


def reached(config: Config, paths: Paths) -> Kube:
    """Return the API server that a configuration names by a kubeconfig and a context in it; in a pod, that of its cluster.

    The kubeconfig is copied to our own state, beside which the client keeps its key files: the user's folder is left alone.

    Raises:
        ConfigError: it does not say which, or there is no such file or context.
    """
    text, context = _named(config)
    own = paths.state / "existing" / "kubeconfig"
    state.write_text(own, text, mode=0o600)
    return Kube(own, context, paths.bin)


def _named(config: Config) -> tuple[str, str]:
    """Return the kubeconfig that a configuration names, and the context in it."""
    if not (config.context or config.kubeconfig) and in_cluster.is_here():
        return in_cluster.kubeconfig(), in_cluster.CONTEXT
    if not (config.context and config.kubeconfig):
        raise ConfigError(
            "--target existing needs --context and --kubeconfig: a context of a file of its own; see docs/existing.md"
        )
    try:
        text = Path(config.kubeconfig).read_text()
        known = [each["name"] for each in yaml.safe_load(text)["contexts"]]
    except OSError as error:
        raise ConfigError(f"{config.kubeconfig} cannot be read ({error.strerror}): name a kubeconfig") from None
    except (yaml.YAMLError, TypeError, KeyError):
        raise ConfigError(f"{config.kubeconfig} is no kubeconfig: name one") from None
    if config.context not in known:
        raise ConfigError(
            f"{config.kubeconfig} has no context {config.context}: choose one of {', '.join(known) or '(none)'}"
        )
    return text, config.context


def answer(host: Host) -> str:
    """Return the HTTP status that a host answers to a GET, or why it gives none."""
    import httpx  # noqa: PLC0415

    try:
        with dial.client(host.url, host.host) as client:
            return str(client.get("/").status_code)
    except httpx.TransportError as error:
        return f"nothing ({error or type(error).__name__})"
