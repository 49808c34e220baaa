"""The usual way to bring the stack up: one component after another, each release by ``helm upgrade --install --wait``."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from plumbline.components.base import Component, HelmComponent, Site
from plumbline.core import events, wait
from plumbline.core.config import Config
from plumbline.core.paths import Paths
from plumbline.kube.helm import Helm
from plumbline.stack import Stack

# What the installation that is checked was first described with: cluster, metallb, ingress, monitoring, eth, helios; before
# what takes its secrets as SealedSecrets, the controller whose key they are sealed with.
ORDER = (
    "cluster",
    "load-balancer",
    "ingress",
    "sealed-secrets",
    "monitoring",
    "execution",
    "consensus",
    "light-client",
)
# A Geth node serves once a beacon node drives it, which is ready once it has a Geth node: the chain is installed as one.
CHAIN = ("execution", "consensus")
_WITHIN_S = 300.0


def open_stack(config: Config, paths: Paths) -> Stack:
    """Return a stack like any other, same images, charts and values, whose Helm waits for what it installs."""
    site = Site(config, paths)
    site.helm = Helm(site.kube, paths.charts, paths.bin, waits_s=_WITHIN_S)
    return Stack(site)


def bring_up(stack: Stack) -> None:
    """Bring up every component of a stack of :func:`open_stack`, one after another, nothing beside it and nothing ahead."""
    for _, step in groupby(in_order(stack.components), lambda one: "chain" if one.name in CHAIN else one.name):
        with ThreadPoolExecutor(len(CHAIN)) as pool:
            list(pool.map(_install, step))
    for component in stack.components.values():  # the finish is that of the other way: Helm sees no mesh, no finality
        _await(component)


def _install(component: Component) -> None:
    with events.phase(component.name, "up"):
        component.load()
        component.stage()
        component.deploy()
        if not isinstance(component, HelmComponent):  # of which Helm knows nothing
            _await(component)


def in_order(components: Mapping[str, Component]) -> list[Component]:
    """Return the components as they are described to be installed, each after what it needs."""
    placed: dict[str, Component] = {}

    def place(component: Component) -> None:
        for need in component.needs:
            place(components[need])
        placed.setdefault(component.name, component)

    for goal in (*ORDER, *components):
        if goal in components:
            place(components[goal])
    return list(placed.values())


def _await(component: Component) -> None:
    wait.until(component.ready(), named=f"{component.name} ready", within_s=_WITHIN_S)
