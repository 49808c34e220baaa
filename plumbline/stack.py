"""The stack: a DAG of components, brought up in parallel, remembered, used again, and taken down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import Any

from plumbline.components.base import Component, HelmComponent, Site
from plumbline.components.certificates import Certificates
from plumbline.components.cluster import Cluster
from plumbline.components.consensus import Consensus
from plumbline.components.devnet import Devnet
from plumbline.components.execution import Execution
from plumbline.components.ingress import Ingress
from plumbline.components.light_client import LightClient
from plumbline.components.load_balancer import LoadBalancer
from plumbline.components.monitor_definitions import MonitorDefinitions
from plumbline.components.monitoring import Monitoring
from plumbline.components.network_policy import NetworkPolicy
from plumbline.components.pod_network import PodNetwork
from plumbline.components.public_execution import PublicExecution
from plumbline.components.public_light_client import PublicLightClient
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.components.service_network import ServiceNetwork
from plumbline.components.storage import Storage
from plumbline.core import events, lease, machine_load, state, wait
from plumbline.core.config import Config
from plumbline.core.errors import (
    ConfigError,
    EngineUnavailable,
    ToolMissing,
    Unfit,
    UsageError,
)
from plumbline.core.paths import Paths
from plumbline.dag import Step, closure, run
from plumbline.history import BringUp, History, Slower, announce, recorded, slower

PLATFORM: tuple[type[Component], ...] = (
    *(Cluster, MonitorDefinitions, PodNetwork, ServiceNetwork, NetworkPolicy, Storage, LoadBalancer, Ingress),
    *(SealedSecrets, Certificates, Monitoring),
)
DEVNET: tuple[type[Component], ...] = (Devnet, Execution, Consensus)
# What is done ahead for a component, by what its step is called.
_UNPACK, _LOAD, _STAGE = "unpacking", "images", "ahead"
_DO_AHEAD: Mapping[str, Callable[[Component], None]] = {
    _UNPACK: lambda component: component.unpack(),
    _LOAD: lambda component: component.load(),
    _STAGE: lambda component: component.stage(),
}
_DEMANDED = (_LOAD, _STAGE)  # of that, before it comes up; what is not unpacked the kubelet will
_RUNNING, _ANSWERING = f"{Cluster.name}, running", f"{Cluster.name}, answering"
_LEASE_WITHIN_S = 600.0


class Stack:
    """All components of one place, and what is known of them."""

    def __init__(self, site: Site) -> None:
        """Bind the components to a place; nothing is touched yet."""
        self.site = site
        self.components: dict[str, Component] = {kind.name: kind(site) for kind in components_of(site.config)}
        self.created = False
        self.slower: list[Slower] = []
        self._done: set[tuple[str, str]] = set()  # ahead, in this bring-up: component, and what

    @classmethod
    def open(cls, config: Config, paths: Paths | None = None) -> Stack:
        """Return the stack of a checkout (default: the one around the working directory).

        Raises:
            UsageError: the target is a cluster that others run.
        """
        if config.target != "kind":
            raise UsageError(
                f"--target {config.target} is only read: pytest suites --target existing judges it, see docs/existing.md"
            )
        return cls(Site(config, paths or Paths.of()))

    # -- the parts, by what they are ----------------------------------------------------------------------------

    @cached_property
    def cluster(self) -> Cluster:
        """The KinD cluster."""
        return self._part(Cluster)

    @cached_property
    def network_policy(self) -> NetworkPolicy:
        """NetworkPolicy enforcement."""
        return self._part(NetworkPolicy)

    @cached_property
    def storage(self) -> Storage:
        """The CSI driver."""
        return self._part(Storage)

    @cached_property
    def load_balancer(self) -> LoadBalancer:
        """MetalLB."""
        return self._part(LoadBalancer)

    @cached_property
    def ingress(self) -> Ingress:
        """The way in."""
        return self._part(Ingress)

    @cached_property
    def sealed_secrets(self) -> SealedSecrets:
        """The Sealed Secrets controller."""
        return self._part(SealedSecrets)

    @cached_property
    def certificates(self) -> Certificates:
        """The local authority and what it issued."""
        return self._part(Certificates)

    @cached_property
    def monitoring(self) -> Monitoring:
        """Prometheus and Alertmanager."""
        return self._part(Monitoring)

    @cached_property
    def devnet(self) -> Devnet:
        """Genesis and keys."""
        return self._part(Devnet)

    @cached_property
    def execution(self) -> Execution:
        """The Geth nodes."""
        return self._part(Execution)

    @cached_property
    def consensus(self) -> Consensus:
        """The beacon node."""
        return self._part(Consensus)

    @cached_property
    def light_client(self) -> LightClient:
        """Helios."""
        return self._part(LightClient)

    def _part[C: Component](self, kind: type[C]) -> C:
        component = self.components[kind.name]
        assert isinstance(component, kind)
        return component

    # -- up and down --------------------------------------------------------------------------------------------

    def up(self, goals: Sequence[str] | None = None) -> None:
        """Bring up the closure of some components (default: all), in parallel where the DAG allows.

        What stands and is as configured is used again. Another process that works on this stack is waited for.

        Raises:
            UsageError: a goal is not a component.
            ConfigError, Unfit, BringUpFailed: the first failure, after the others were given up.
        """
        wanted = closure(self.components, goals or list(self.components))
        for component in wanted.values():
            component.check()
        with (
            lease.exclusive(self._lock, "the stack", within_s=_LEASE_WITHIN_S, purpose="up"),
            events.phase("stack", "up"),
        ):
            self._done.clear()
            this = BringUp(self._kind(wanted, [] if self.site.config.fresh else list(self._known())))
            announce(self._history.like(this.kind))
            steps = self._steps(wanted)
            events.emit("stack", "plan", steps={name: step.needs for name, step in steps.items()})
            with machine_load.sampled(), recorded(this):
                run(steps, lambda step, cancelled: step.act(cancelled))
            self.created = self.cluster.created
            if self.created:
                this.kind = self._kind(wanted, [])
            events.emit("stack", "ready", seconds=this.seconds, created=self.created, components=list(wanted))
            self._conclude(this)

    def down(self) -> bool:
        """Delete the cluster and all that is known of it; return whether there was anything of it.

        Raises:
            ForeignCluster: a cluster of its name stands that is not ours.
            EngineUnavailable: there is a cluster of ours, and its engine does not answer.
        """
        with lease.exclusive(self._lock, "the stack", within_s=_LEASE_WITHIN_S, purpose="destroy"):
            known = self.cluster.known()
            if self.standing or known:
                with events.phase("stack", "down"):
                    self.cluster.remove()
            self._file.unlink(missing_ok=True)
            state.sweep(self.site.paths.state)
            return known

    def steady(self, within_s: float = 120.0) -> None:
        """Wait until every component that was brought up is ready (again).

        Raises:
            wait.Timeout: one is not; the message shows its state.
        """
        for name in self._known():
            component = self.components[name]
            wait.until(component.ready(), named=f"{name} steady", within_s=within_s, look=_look(name))

    def rebuild(self, name: str) -> None:
        """Deploy a component again, whatever is remembered of it, and wait until it and what it needs are ready.

        Raises:
            UsageError, BringUpFailed: there is no such component, or it does not come up.
        """
        closure(self.components, [name])
        with self._memory:
            known = self._known()
            known.pop(name, None)
            state.write_json(self._file, {"components": known})
        self.up([name])

    def pods_of(self, name: str) -> list[dict[str, Any]]:
        """Return the pods of a component, or the one pod of that name.

        Raises:
            UsageError: there is neither.
        """
        component, pods = self.components.get(name), self.site.kube.objects("Pod", None)
        if isinstance(component, HelmComponent):
            instances = {release.name for release in component.releases}
            label = "app.kubernetes.io/instance"
            return [pod for pod in pods if pod["metadata"].get("labels", {}).get(label) in instances]
        found = [pod for pod in pods if pod["metadata"]["name"] == name]
        if not found:
            raise UsageError(f'there is no component or pod "{name}"; components are {", ".join(self.components)}')
        return found

    @property
    def standing(self) -> bool:
        """Whether a cluster of ours stands; without an engine, and where we made none, none does.

        Raises:
            ForeignCluster: one of its name stands that is not ours.
            EngineUnavailable: there was one of ours, and its engine does not answer.
        """
        try:
            return self.cluster.claim()
        except (EngineUnavailable, ToolMissing):
            if self.cluster.known():
                raise
            return False

    def require(self) -> None:
        """Demand that the stack stands, and have what is needed to talk to it.

        Raises:
            Unfit: it does not stand.
        """
        if not self.standing:
            raise Unfit('no stack of this checkout stands: bring it up with "make all-local"')
        self.cluster.connect()

    def _steps(self, wanted: Mapping[str, Component]) -> dict[str, Step]:
        """Return what is to be done for each component.

        KinD leaves half of the machine idle: images are unpacked and loaded, one after another, as soon as the nodes run, and what
        needs only the API server is done as soon as that answers. A component comes up when its needs have, once that is done.
        """
        steps: list[Step] = []
        last = _RUNNING  # what the next image comes after
        for name, component in wanted.items():
            ahead, unpacking, images = (f"{name}, {what}" for what in (_STAGE, _UNPACK, _LOAD))
            if component.brought_images:
                steps.append(Step(unpacking, (last,), partial(self._ahead, component, _UNPACK)))
                last = unpacking
            if component.own_images:
                steps.append(Step(images, (last,), partial(self._ahead, component, _LOAD)))
                last = images
            if isinstance(component, Cluster):
                steps.append(Step(ahead, (), partial(self._settle, component)))
                steps.append(Step(name, (ahead,), partial(self._bring_up, component)))
                steps.append(Step(_RUNNING, (ahead,), partial(self._gate, "running", component.running)))
                steps.append(Step(_ANSWERING, (ahead,), partial(self._gate, "answering", component.answering)))
            else:
                done = (images, ahead) if component.own_images else (ahead,)
                steps.append(Step(ahead, (_ANSWERING,), partial(self._ahead, component, _STAGE)))
                steps.append(Step(name, (*component.needs, *done), partial(self._bring_up, component)))
        return {step.name: step for step in steps}

    def _settle(self, cluster: Cluster, _: threading.Event) -> None:
        """Take the standing cluster, or begin a new one, into which nothing is deployed yet."""
        with events.phase(cluster.name, _STAGE):
            cluster.stage()
            if cluster.begun:
                self._file.unlink(missing_ok=True)  # it tells of another cluster

    def _gate(self, phase: str, condition: Callable[[], wait.Condition[Any]], cancelled: threading.Event) -> None:
        with events.phase(Cluster.name, phase):
            wait.until(condition(), named=f"the cluster {phase}", within_s=Cluster.within_s, cancelled=cancelled)

    def _ahead(self, component: Component, what: str, _: threading.Event) -> None:
        """Do something for a component while KinD may still be at work: should it fail, it is done when KinD is through.

        So it is KinD's failure that is shown, and not that of those whose nodes it took away.
        """
        if component.name in self._known():
            return
        try:
            with events.phase(component.name, what):
                _DO_AHEAD[what](component)
        except Exception as error:  # noqa: BLE001  (what it is shows when it happens again)
            events.emit(component.name, "notice", text=f"{what} failed, and is left until the cluster is up: {error}")
        else:
            self._done.add((component.name, what))

    def _bring_up(self, component: Component, cancelled: threading.Event) -> None:
        start = time.monotonic()
        known = self._known()
        with events.phase(component.name, "up"):
            if isinstance(component, Cluster):
                component.deploy()
            else:
                now = component.fingerprint()
                if known.get(component.name, {}).get("fingerprint") != now:
                    with events.phase(component.name, "deploy"):
                        for what in _DEMANDED:
                            if (component.name, what) not in self._done:
                                _DO_AHEAD[what](component)
                        component.deploy()
            named, look = f"{component.name} ready", _look(component.name)
            wait.until(component.ready(), named=named, within_s=component.within_s, look=look, cancelled=cancelled)
        self._remember(component, time.monotonic() - start)

    # -- memory -------------------------------------------------------------------------------------------------

    @property
    def _lock(self) -> Path:
        return self.site.paths.state / "stack.lock"

    @property
    def _file(self) -> Path:
        return self.site.paths.state / "stack.json"

    @cached_property
    def _memory(self) -> threading.Lock:
        return threading.Lock()

    def _known(self) -> dict[str, Any]:
        return (state.read_json(self._file) or {}).get("components", {})  # type: ignore[no-any-return]

    def _remember(self, component: Component, seconds: float) -> None:
        """Keep what was deployed, so that the next run can tell whether anything is to be done."""
        with self._memory:
            known = self._known()
            known[component.name] = {"fingerprint": component.fingerprint(), "seconds": round(seconds, 2)}
            state.write_json(self._file, {"components": known})

    # -- how long it takes --------------------------------------------------------------------------------------

    @property
    def _history(self) -> History:
        return History(self.site.paths.state / "history.json")

    def _kind(self, wanted: Mapping[str, Component], standing: Sequence[str]) -> dict[str, Any]:
        """Return what a bring-up has to do: it takes as long as others that have to do the same."""
        shape = {key: value for key, value in self.site.config.describe().items() if key != "cluster_name"}
        return {**shape, "components": sorted(wanted), "standing": sorted(set(standing) & set(wanted))}

    def expected_s(self) -> float | None:
        """Return how long bringing all of it up is expected to take (the median of earlier ones), None where nothing is known."""
        earlier = self._history.like(self._kind(self.components, list(self._known())))
        return median(run.seconds for run in earlier) if earlier else None

    def _conclude(self, this: BringUp) -> None:
        """Add a bring-up to the history, and name what took longer than it usually does."""
        earlier = self._history.like(this.kind)
        self.slower = slower(this, earlier)
        for regression in self.slower:
            events.emit("stack", "warning", text=str(regression))
        self._history.add(this)


def components_of(config: Config) -> tuple[type[Component], ...]:
    """Return what a stack consists of, which depends on the networks that it follows.

    Raises:
        ConfigError: Helios is to follow a devnet that is not there.
    """
    if config.network == "devnet":
        client = LightClient if config.helios_network in (None, "devnet") else PublicLightClient
        return (*PLATFORM, *DEVNET, client)
    if config.helios_network == "devnet":
        raise ConfigError(f"Helios cannot follow the devnet where Geth is on {config.network}: use --network devnet")
    # A public network has a genesis and a consensus layer of its own.
    return (*PLATFORM, PublicExecution, *((PublicLightClient,) if config.helios_network else ()))


def _look(component: str) -> str:
    return f"plumbline logs {component}"
