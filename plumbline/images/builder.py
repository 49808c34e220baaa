"""The build: every image, the node image and the tools of the bring-up, in parallel, each part at most once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from plumbline.core import events, graph, lease
from plumbline.core.errors import DiskTooSmall, UsageError
from plumbline.core.graph import Job
from plumbline.core.paths import Paths
from plumbline.images import assembly, engine, jobs, lock, workshop
from plumbline.images.forecast import Forecast
from plumbline.images.node import NAME as NODE
from plumbline.images.node import Node
from plumbline.images.oci import Image
from plumbline.images.recipes import ASKED, Recipe
from plumbline.images.workshop import Workshop

# What the bring-up starts with; the rest is built when it is asked for.
BRING_UP_TOOLS = ("kind", "kubectl", "helm", "geth")
_ANOTHER_BUILD_WITHIN_S = 3600.0

# Measured: modules and compile cache of everything, the images, and the engine's copy of the node.
_NEEDED_COLD = 25 * 10**9
_NEEDED_WARM = 6 * 10**9


@dataclass(frozen=True)
class Built:
    """What a build left.

    Attributes:
        node_image: the node image's name in the engine.
        own: our own programs' images, by name, which are loaded into the running node.
        left_out: images that cannot be built here and are optional -> why.
    """

    node_image: str
    own: Mapping[str, Image]
    left_out: Mapping[str, str]


def build(paths: Paths, only: Iterable[str] | None = None) -> Built:
    """Build what is not built yet.

    Args:
        paths: the checkout and the cache.
        only: names of images, or "node"; default: everything but what is built when it is asked for, and the tools of the bring-up.

    Raises:
        DiskTooSmall, ModuleUnavailable, ChecksumMismatch: nothing was left half-made; run it again after the fix.
    """
    shop = workshop.of(paths)
    node = Node(shop)
    chosen = _chosen(shop, only)
    if NODE in chosen:
        engine.ensure()  # before minutes of compiling: the node image ends up in it
    left = partial(jobs.left, node, chosen, BRING_UP_TOOLS if only is None else ())
    if left():  # who needs nothing built waits for no other build
        _build(shop, left)
    own = {name: _own_image(shop, shop.recipes[name]) for name in chosen if shop.recipes[name].load in ("side", ASKED)}
    left_out = {entry.ref: entry.reason for entry in lock.load(paths.root) if entry.optional and not entry.recipe}
    for ref, reason in left_out.items():
        events.emit("images", "left-out", image=ref, reason=reason)
    return Built(node.tag, own, left_out)


def _build(shop: Workshop, left: Callable[[], list[Job]]) -> None:
    """Build what is still left once no other process on this machine builds."""
    lock_file = shop.store.path("build.lock")
    with lease.exclusive(lock_file, "the image cache", within_s=_ANOTHER_BUILD_WITHIN_S, purpose="building images"):
        shop.store.sweep()
        if todo := left():
            _check_disk(shop)
            with events.phase("images", "build", jobs=len(todo)):
                graph.run(Forecast(shop, todo, _limits()).watched(), _limits())


def left_s(paths: Paths) -> float:
    """Return how many seconds :func:`build` is expected to take."""
    shop = workshop.of(paths)
    todo = jobs.left(Node(shop), _chosen(shop, None), BRING_UP_TOOLS)
    return Forecast(shop, todo, _limits()).left_s()


def _limits() -> dict[str, int]:
    """Return how many jobs of each lane run at once."""
    return {"compile": max(1, (os.cpu_count() or 1) // 4), "light": 2}


def node_tag(paths: Paths) -> str:
    """Return the name that the node image of this checkout has, or will have, in the engine."""
    return Node(workshop.of(paths)).tag


def content_key(paths: Paths, ref: str) -> str:
    """Return the key of everything that an image is made of: it changes when the image would."""
    shop = workshop.of(paths)
    return assembly.content_key(shop, by_ref(shop, ref))


def by_ref(shop: Workshop, ref: str) -> Recipe:
    """Return the recipe of an image by its name and tag, or by the recipe's name."""
    for recipe in shop.recipes.values():
        if ref in (recipe.ref, recipe.name):
            return recipe
    raise UsageError(
        f"no recipe builds {ref}; there are {', '.join(sorted(recipe.name for recipe in shop.recipes.values()))}"
    )


def _own_image(shop: Workshop, recipe: Recipe) -> Image:
    """Return the image of a program of ours as it is now: its sources may have been saved since the build began."""
    assembly.make(shop, recipe)
    return assembly.image(shop, recipe)


def _chosen(shop: Workshop, only: Iterable[str] | None) -> list[str]:
    if only is None:
        return [name for name, recipe in shop.recipes.items() if recipe.load != ASKED]
    return [by_ref(shop, name).name for name in only]


def _check_disk(shop: Workshop) -> None:
    """Refuse to start what would fill the disk."""
    cold = not shop.go.built(shop.programs["kubernetes"]).is_dir()
    needed = _NEEDED_COLD if cold else _NEEDED_WARM
    shop.store.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(shop.store.root).free
    if free < needed:
        raise DiskTooSmall(str(shop.store.root), free, needed)
