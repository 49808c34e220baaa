"""The KinD cluster: made from our node image, marked as ours, ready when its nodes are registered."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import yaml

from plumbline.components.base import Site
from plumbline.components.entrance import reach
from plumbline.components.node import belongings, kind_config
from plumbline.components.node.belongings import Belonging
from plumbline.components.node.host import Network, Seen, nodes_left, nodes_of
from plumbline.components.node.kernel import Kernel
from plumbline.components.node.neighbours import Neighbours
from plumbline.components.node.standing import StandingCluster
from plumbline.core import events, shell, state, wait
from plumbline.core.errors import ConfigError, ForeignCluster, PlumblineError, Unfit
from plumbline.kube import transport

OWNER_LABEL = "plumbline.dev/owner"
_CREATE_WITHIN_S = 180.0
_LOOK_EVERY_S = 0.2
_NOT_OURS = "was not made by this checkout"


class KindFailed(PlumblineError):
    """KinD could not make the cluster; it has removed what it began."""

    def __init__(self, result: shell.Result) -> None:
        """Keep all that KinD said; the message has its error."""
        self.result = result
        super().__init__(f"KinD could not make the cluster: {shell.gist(result.stderr)}")


class Cluster(StandingCluster):
    """A Kubernetes cluster in containers (https://kind.sigs.k8s.io), of one node or several, from the image that we built."""

    name: ClassVar[str] = "cluster"
    uses: ClassVar[tuple[str, ...]] = ("service-network",)
    brought_images: ClassVar[tuple[str, ...]] = (
        *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "pause", "kube-proxy", "coredns"),
    )
    within_s: ClassVar[float] = 240.0

    def __init__(self, site: Site) -> None:
        """Bind to the place; nothing is touched yet."""
        super().__init__(site)
        self.created = False

    # -- coming up and going ------------------------------------------------------------------------------------

    def stage(self) -> None:
        """Settle what becomes of a standing cluster, and have the image of the nodes: then only KinD is left to be asked.

        Raises:
            ForeignCluster: a cluster of this name is not ours, or of another configuration, and ``fresh`` is not set.
        """
        standing = self._containers()
        if standing:
            reason = self._unusable(standing)
            if reason is None:
                self.connect()
                events.emit(self.name, "reused", containers=[container["Id"][:12] for container in standing])
                return
            replace = self.site.config.fresh or self._half_made(standing)
            if not (replace and self._ours(standing)):
                raise ForeignCluster(self.site.config.cluster_name, reason, self._way_out(standing))
        if standing or self._record:
            self.remove()  # also what is left where only the container is gone
        self._begin()

    def _begin(self) -> None:
        """Write down that a cluster is about to be made: from then on nodes of its name that bear our mark are ours."""
        from plumbline import images  # noqa: PLC0415  (the builder is needed by a bring-up only)

        node = images.node_image(self.site.paths, self.site.config)
        self.host.remember()
        self.site.paths.kubeconfig.unlink(missing_ok=True)  # of a cluster that nobody remembers
        network = "found" if self.network.exists() else "made"
        self._write({"owner": uuid.uuid4().hex, "network": network, "image": node, "phase": "creating"})
        self.created = True

    @property
    def begun(self) -> bool:
        """Whether it is written down, and still to be made."""
        return self._record.get("phase") == "creating"

    def deploy(self) -> None:
        """Have KinD make the cluster that was begun; one that stands is taken as it is."""
        if not self.begun:
            return
        record, document = self._record, self._wanted
        document["name"] = self.site.config.cluster_name
        for entry in document["nodes"]:
            entry.setdefault("labels", {})[OWNER_LABEL] = record["owner"]
            # The one mark that the engine shows from the node's first moment on, so that an interrupted creation is known for ours.
            mark = {"hostPath": os.devnull, "containerPath": _mark(record["owner"]), "readOnly": True}
            entry.setdefault("extraMounts", []).append(mark)
        argv: list[str | Path] = [self.site.paths.bin / "kind", "create", "cluster", "--config", "-"]
        argv += ["--image", record["image"], "--kubeconfig", self.site.paths.kubeconfig]
        with events.phase(self.name, "create"), ThreadPoolExecutor(max_workers=1) as beside:
            beside.submit(transport.load_client)
            try:
                shell.run(argv, within_s=_CREATE_WITHIN_S, input=yaml.safe_dump(document), env=self.engine)
            except shell.CommandFailed as failure:
                raise KindFailed(failure.result) from failure
        made = [container["Id"] for container in self._containers()]
        self._write({**record, "containers": made, "made_from": self.fingerprint(), "phase": "standing"})

    def remove(self) -> None:
        """Delete the cluster and what we know of it; one that is gone already is as good.

        Raises:
            ForeignCluster: it is not ours.
            LeftBehind: something of it is still on this machine.
        """
        record = self._record
        standing = self.claim()
        # KinD's own lock: it stays where KinD was killed, and KinD never works on our kubeconfig but on our behalf.
        self.site.paths.kubeconfig.with_name("kubeconfig.lock").unlink(missing_ok=True)
        if standing:
            before = self.belongings()
            with events.phase(self.name, "delete"):
                self.neighbours.end(*self.neighbours.names())
                argv: list[str | Path] = [self._kind(), "delete", "cluster", "--name", self.site.config.cluster_name]
                shell.run([*argv, "--kubeconfig", self.site.paths.kubeconfig], within_s=120, env=self.engine)
            belongings.gone(self.site.config.cluster_name, before, self.engine)
        if record.get("network") == "made":
            self.network.remove_unused()
        if record and not nodes_left(self.engine):
            self.host.put_back()
        shutil.rmtree(self.kube.credentials, ignore_errors=True)
        self.site.paths.kubeconfig.unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)  # last: until then a destroy that was interrupted goes on

    def ready(self) -> wait.Condition[Any]:
        """Hold when the API server answers and the nodes are registered; Services follow (service-network)."""
        return wait.poll(lambda: self._registered(self.site.nodes))

    def running(self) -> wait.Condition[None]:
        """Hold when every node's containerd takes images, which is long before KinD is through."""

        def look() -> wait.Observation[None]:
            there = {_name(node) for node in self._containers()}
            mute = [node for node in self.site.nodes if node not in there or not self._takes_images(node)]
            return wait.Observation(not mute, None, f"containerd does not answer on {', '.join(mute)}")

        return wait.poll(look, every_s=_LOOK_EVERY_S)

    def answering(self) -> wait.Condition[Any]:
        """Hold when the API server is ready and knows its own node, which may be before KinD is through."""

        def look() -> wait.Observation[Any]:
            try:
                self._find_api_server()
                self.kube.request("GET", "/readyz")
                return self._registered({self.node_container})
            except (PlumblineError, OSError) as error:
                return wait.Observation(False, None, f"the API server does not answer: {error}")

        return wait.poll(look, every_s=_LOOK_EVERY_S)

    def _takes_images(self, node: str) -> bool:
        return self.node_exec("ctr", "version", node=node, check=False).ok

    def _find_api_server(self) -> None:
        """Have the kubeconfig, if it was lost, or KinD is not through: the node holds it as soon as it has an API server."""
        if not self.site.paths.kubeconfig.exists():
            argv: list[str | Path] = [self._kind(), "export", "kubeconfig", "--name", self.site.config.cluster_name]
            shell.run([*argv, "--kubeconfig", self.site.paths.kubeconfig], within_s=30, env=self.engine)

    def _registered(self, wanted: Collection[str]) -> wait.Observation[list[str]]:
        names = [node["metadata"]["name"] for node in self.nodes()]
        return wait.Observation(set(wanted) <= set(names), names, f"nodes registered: {', '.join(names) or 'none'}")

    def fingerprint(self) -> str:
        """Return a checksum over the KinD configuration, the options that shape the stack, and the node image."""
        from plumbline import images  # noqa: PLC0415

        digest = hashlib.sha256()
        for file in kind_config.files(self.site.paths.local, self.site.config):
            digest.update(file.read_bytes())
        digest.update(json.dumps({**self.site.config.describe(), "reach": self.site.reach}, sort_keys=True).encode())
        digest.update(images.node_tag(self.site.paths, self.site.config).encode())
        return digest.hexdigest()

    # -- whose it is ---------------------------------------------------------------------------------------------

    def standing(self) -> bool:
        """Return whether a cluster of ours stands (whatever its configuration)."""
        nodes = self._containers()
        return bool(nodes) and self._ours(nodes)

    def known(self) -> bool:
        """Return whether we remember a cluster of ours, standing or not; no engine is asked."""
        return bool(state.read_json(self._file))

    def claim(self) -> bool:
        """Return whether the cluster stands, and is ours.

        Raises:
            ForeignCluster: one of its name stands that is not ours.
            ConfigError: the cluster of this checkout has another name.
        """
        known = self._record
        nodes = self._containers()
        if nodes and not (known and self._ours(nodes)):
            raise ForeignCluster(self.site.config.cluster_name, _NOT_OURS, self._way_out(nodes))
        return bool(nodes)

    def connect(self) -> None:
        """Have the kubeconfig of the standing cluster, if it was lost.

        Raises:
            Unfit: the cluster is stopped.
        """
        if not _running(self._containers()):
            text = f'the cluster {self.site.config.cluster_name} is stopped: replace it ("make all-local FRESH=1")'
            raise Unfit(text)
        self._find_api_server()

    def owned(self) -> bool:
        """Return whether every node's label agrees with our record that the cluster is ours; faults demand it."""
        owner = self._record.get("owner")
        labels = {node["metadata"]["labels"].get(OWNER_LABEL) for node in self.nodes()}
        return bool(owner) and labels == {owner}

    def _ours(self, nodes: Sequence[Seen]) -> bool:
        """Whether the nodes are those of our record, or bear the mark of the creation that was interrupted."""
        record = self._record
        if record.get("phase") == "creating":
            return all(_mark(record["owner"]) in _mounted(node) for node in nodes)
        return {node["Id"] for node in nodes} <= set(record.get("containers", ()))

    def _half_made(self, nodes: Sequence[Seen]) -> bool:
        """Whether an interrupted creation of ours left them: worth nothing, replaced without asking."""
        return self.begun and self._ours(nodes)

    def _unusable(self, nodes: Sequence[Seen]) -> str | None:
        """Say why a standing cluster cannot be used as it is, or None where it can."""
        if not self._ours(nodes):
            return _NOT_OURS
        record = self._record
        if record.get("phase") == "creating":
            return "was not finished"
        if self.site.config.fresh:
            return "is to be replaced"
        if record.get("made_from") != self.fingerprint():
            return "was made from another configuration or node image"
        if len(nodes) < len(self.site.nodes):
            return "has lost a node"
        if not _running(nodes):
            return "is stopped"
        return None

    def _way_out(self, nodes: Sequence[Seen]) -> str:
        if self._ours(nodes):
            return "replace it with --fresh (make destroy removes it)"
        host = self.engine.get("DOCKER_HOST")
        docker = f"docker --host {host}" if host else "docker"
        return (
            "use another name (--cluster-name), destroy it in the checkout that made it (make destroy), "
            f'or remove it by "{docker} rm --force --volumes {" ".join(sorted(map(_name, nodes)))}"'
        )

    # -- what it has of this machine ---------------------------------------------------------------------------

    @property
    def neighbours(self) -> Neighbours:
        """The machines beside its nodes, on their network."""
        return Neighbours(self.site.config.cluster_name, self.engine)

    def belongings(self) -> frozenset[Belonging]:
        """Return what the cluster occupies on this machine outside of itself."""
        return belongings.of_cluster(self.site.config.cluster_name, self.engine)

    @property
    def image(self) -> str:
        """The image that the nodes are made of; it has curl and ip, too."""
        return str(self._containers()[0]["Config"]["Image"])

    def interfaces(self) -> dict[str, str]:
        """Return the node that each hardware address on the nodes' network belongs to."""
        connected = {_name(node): node["NetworkSettings"]["Networks"][Network.NAME] for node in self._containers()}
        return {str(network["MacAddress"]).lower(): node for node, network in connected.items()}

    def host_ports(self) -> set[tuple[str, int]]:
        """Return the addresses and ports of this machine that the KinD configuration asks for."""
        mapped = [mapping for node in self._wanted["nodes"] for mapping in node.get("extraPortMappings", ())]
        fixed = [mapping for mapping in mapped if mapping["hostPort"]]
        return {(mapping.get("listenAddress", "0.0.0.0"), mapping["hostPort"]) for mapping in fixed}  # noqa: S104

    def mapped_port(self, node: str, port: int) -> int:
        """Return the port of this machine's loopback that leads to a port of a node."""
        container = next(each for each in self._containers() if _name(each) == node)
        return int(container["NetworkSettings"]["Ports"][f"{port}/tcp"][0]["HostPort"])

    # -- mechanics -----------------------------------------------------------------------------------------------

    @property
    def _wanted(self) -> dict[str, Any]:
        document = kind_config.read(self.site.paths.local, self.site.config)
        if self.site.reach == "mapped":
            reach.map_ports(document)
        return document

    def check(self) -> None:
        """Refuse a KinD configuration without a node, before anything is touched."""
        _ = self._wanted

    @property
    def _file(self) -> Path:
        return self.site.paths.state / "cluster.json"

    @property
    def host(self) -> Kernel:
        """The machine's kernel, which every node shares."""
        return Kernel(self.site.paths.cache)

    @property
    def network(self) -> Network:
        """The engine's network that the nodes are on."""
        return Network(self.engine)

    def _kind(self) -> Path:
        from plumbline import images  # noqa: PLC0415

        installed = self.site.paths.bin / "kind"
        return installed if installed.exists() else images.tool(self.site.paths, "kind")

    @property
    def _record(self) -> dict[str, Any]:
        """What we wrote down of the cluster when we made it; empty where we made none.

        Raises:
            ConfigError: the cluster that we made has another name, and stands: a checkout has one.
        """
        record: dict[str, Any] = state.read_json(self._file) or {}
        made, asked = record.get("name", ""), self.site.config.cluster_name
        if record and made != asked and nodes_of(made, self.engine):
            raise ConfigError(
                f'the cluster of this checkout is "{made}", not "{asked}": name it (--cluster-name {made}), '
                f"or destroy it first (make destroy CLUSTER_NAME={made})"
            )
        return record if made == asked else {}

    def _write(self, record: dict[str, Any]) -> None:
        state.write_json(self._file, {"name": self.site.config.cluster_name, **record})

    def _containers(self) -> list[Seen]:
        """Return the engine's view of the nodes; empty where there is none."""
        return nodes_of(self.site.config.cluster_name, self.engine)


def _name(node: Seen) -> str:
    return str(node["Name"]).removeprefix("/")


def _running(nodes: Sequence[Seen]) -> bool:
    """Whether there are nodes, and all of them run."""
    return bool(nodes) and all(node["State"]["Running"] for node in nodes)


def _mounted(node: Seen) -> set[str]:
    return {mount["Destination"] for mount in node["Mounts"]}


def _mark(owner: str) -> str:
    """Return where in the node an owner's mark is."""
    return f"/etc/plumbline-{owner}"
