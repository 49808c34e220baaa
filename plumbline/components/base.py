"""What every part of the stack is: a name, what it needs, how it comes up, and when it is ready."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from plumbline.components.alerting.rules import thresholds
from plumbline.components.entrance import reach
from plumbline.components.node import kind_config
from plumbline.core import wait
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.kube.api import Kube, Object, node_address
from plumbline.kube.helm import Helm
from plumbline.kube.ours import meta

PodSecurity = Literal["restricted", "baseline", "privileged"]


@dataclass(frozen=True)
class Release:
    """One Helm release of a component.

    Attributes:
        name: the release's name.
        chart: folder below charts/.
        namespace: where it goes; made before the release, with its Pod Security level.
        security: that level (Kubernetes Pod Security Standards).
        values_file: which values of the chart apply on a local cluster.
        asks_api_server: whether its pods ask the API server, so that its policies must be told where that is.
    """

    name: str
    chart: str
    namespace: str
    security: PodSecurity = "restricted"
    values_file: str = "values.local.yaml"
    asks_api_server: bool = False


@dataclass
class Site:
    """Where a stack stands: its configuration, its folders, and the way to its API server."""

    config: Config
    paths: Paths

    @cached_property
    def kube(self) -> Kube:
        """The API server of our cluster."""
        return Kube(self.paths.kubeconfig, f"kind-{self.config.cluster_name}", self.paths.bin)

    @cached_property
    def nodes(self) -> Mapping[str, str]:
        """The nodes that the cluster has, by name, each with its role; the control plane is the first.

        Raises:
            ConfigError: KinD's configuration is not what KinD understands.
        """
        return kind_config.roles(kind_config.read(self.paths.local, self.config), self.config.cluster_name)

    @cached_property
    def reach(self) -> reach.Reach:
        """How this machine gets to the ingress."""
        return reach.chosen(self.config)

    @cached_property
    def helm(self) -> Helm:
        """Helm against our cluster."""
        return Helm(self.kube, self.paths.charts, self.paths.bin)


@dataclass(frozen=True)
class Workload:
    """A Deployment, DaemonSet or StatefulSet that must have rolled out for a component to be ready."""

    kind: Literal["Deployment", "DaemonSet", "StatefulSet"]
    name: str
    namespace: str


class Component(ABC):
    """One part of the stack.

    Attributes:
        name: how the DAG, the command line and the events call it.
        needs: components that must be ready before this one starts. The DAG is these tuples and nothing else.
        uses: components that belong to every stack with this one, but need not be ready when it starts.
        brought_images: images that its pods run and that the node image brings, by recipe, in the order of need.
        own_images: images that are built from this checkout, by name and tag.
        within_s: how long it may take from its start to ready, in seconds.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ()
    brought_images: ClassVar[tuple[str, ...]] = ()
    own_images: ClassVar[tuple[str, ...]] = ()
    within_s: ClassVar[float] = 120.0

    def __init__(self, site: Site) -> None:
        """Bind the component to the place where its stack stands; nothing is touched yet."""
        self.site = site

    @property
    def kube(self) -> Kube:
        """The API server."""
        return self.site.kube

    def check(self) -> None:  # noqa: B027  (most have nothing to refuse)
        """Refuse a configuration that cannot work, before anything is touched."""

    def unpack(self) -> None:
        """Have a single node unpack, ahead, what its image brought: the kubelet would when everybody wants the processors.

        Of several nodes, each runs but a part.
        """
        from plumbline import images  # noqa: PLC0415  (the builder is needed by a bring-up only)

        if len(self.site.nodes) == 1:
            images.unpack(self.site.paths, next(iter(self.site.nodes)), self.brought_images)

    def load(self) -> None:
        """Have our images in the nodes, ahead, as soon as these run; pulled ones are in the node image. Repeatable."""
        from plumbline import images  # noqa: PLC0415  (the builder is needed by a bring-up only)

        if self.own_images and images.mode(self.site.paths, self.site.config) == "build":
            images.sideload(self.site.paths, list(self.site.nodes), self.own_images)

    def stage(self) -> None:  # noqa: B027  (most have nothing to do ahead)
        """Do ahead what needs nothing but the API server, while others are still coming up; repeatable."""

    @abstractmethod
    def deploy(self) -> None:
        """Bring it up, once loaded and staged; calling it again changes nothing."""

    @abstractmethod
    def ready(self) -> wait.Condition[Any]:
        """Return the condition under which others may rely on it."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a checksum of all that decides what is deployed; equal means that nothing is to be done."""


class HelmComponent(Component):
    """A component that is one Helm release (or several of one namespace).

    Attributes:
        releases: what Helm installs.
        workloads: what must have rolled out.
        asked: ports of its pods that the harness asks by the API server's proxy (:meth:`Kube.pod_url`).
    """

    releases: ClassVar[tuple[Release, ...]]
    workloads: ClassVar[tuple[Workload, ...]]
    asked: ClassVar[tuple[str, ...]] = ()

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return values that are only known when it runs (addresses, keys); the rest stands in the chart."""
        return {}

    def prepare(self) -> None:
        """Make what must exist before the releases."""

    def stage(self) -> None:
        """Make the namespaces, and prepare."""
        for release in self.releases:
            self.kube.ensure_namespace(release.namespace, release.security)
        if self.asked:
            self.kube.apply([self._api_server_may_ask()])
        self.prepare()

    def deploy(self) -> None:
        """Install or upgrade every release, all at once: none of a component's needs another; does not wait."""
        with ThreadPoolExecutor(max_workers=len(self.releases)) as pool:
            list(pool.map(lambda release: self.upgrade(release.name, {}), self.releases))

    def upgrade(self, name: str, change: Mapping[str, Any]) -> None:
        """Install or upgrade one release, with other values on top of its own; does not wait.

        Raises:
            ConfigError: the chart's schema refuses the values.
            PlumblineError: the API server refuses an object.
        """
        release = next(each for each in self.releases if each.name == name)
        values = {**self.given(release), **self._image_marks(), **change}
        self.site.helm.upgrade(release.name, release.chart, release.namespace, release.values_file, values)

    @property
    def way_in(self) -> str:
        """Name of the policy that lets the API server in."""
        return f"api-server-asks-{self.name}"

    def _api_server_may_ask(self) -> Object:
        """Return the policy that lets the API server in to what we ask through it.

        The pods of its own node always answer it, as they do every process of their node; those of others deny it like anybody.
        """
        address = node_address(self.kube.get("Node", next(iter(self.site.nodes))))
        ports = [{"port": int(port), "protocol": "TCP"} for port in self.asked]
        component = {"app.kubernetes.io/component": self.name}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta(self.way_in, self.releases[0].namespace, component),
            "spec": {
                "podSelector": {"matchLabels": component},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"ipBlock": {"cidr": f"{address}/32"}}], "ports": ports}],
            },
        }

    def given(self, release: Release) -> dict[str, Any]:
        """Return all that a release is given beside its values file: its own, where the API server is, what alerts were asked for."""
        given = dict(self.values(release))
        if release.asks_api_server:
            told = {"apiServerCidrs": self.kube.api_server_cidrs()}
            given["networkPolicy"] = {**told, **given.get("networkPolicy", {})}
        if self.site.config.profile == "prod":
            given["rules"] = thresholds(self.site.paths.charts / release.chart)
        return given

    def _image_marks(self) -> dict[str, Any]:
        """Return pod annotations that differ when our own images do: their tags stay, so nothing else would restart the pods."""
        from plumbline import images  # noqa: PLC0415

        keys = [images.content_key(self.site.paths, ref) for ref in self.own_images]
        return {"podAnnotations": {"plumbline.dev/image-content": "-".join(keys)}} if keys else {}

    def ready(self) -> wait.Condition[Any]:
        """Hold when every workload has rolled out."""
        return wait.every(*(self.kube.rolled_out(load.kind, load.name, load.namespace) for load in self.workloads))

    def state(self) -> str:
        """Say how its workloads are doing."""
        said = []
        for load in self.workloads:
            status = self.kube.get(load.kind, load.name, load.namespace).get("status", {})
            ready = status.get("readyReplicas", status.get("numberReady", 0))
            said.append(f"{load.kind} {load.name}: {ready} ready")
        return ", ".join(said)

    def fingerprint(self) -> str:
        """Return a checksum over the charts' files, the values for this run, and our own images."""
        from plumbline import images  # noqa: PLC0415

        digest = hashlib.sha256()
        for release in self.releases:
            digest.update(_folder_digest(self.site.paths.charts / release.chart))
            digest.update(json.dumps(self.given(release), sort_keys=True).encode())
        for ref in self.own_images:
            digest.update(images.content_key(self.site.paths, ref).encode())
        return digest.hexdigest()


def _folder_digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.digest()
