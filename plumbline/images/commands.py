"""``plumbline images``: build, list, lock, push, verify, tools; each action is a function of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plumbline.core import events, lease
from plumbline.core.paths import Paths
from plumbline.images import assembly, builder, lock, verification, workshop
from plumbline.images.distribution import Registry
from plumbline.images.node import NAME as NODE
from plumbline.images.node import Node


def build(paths: Paths, names: Sequence[str], *, drop_caches: bool) -> None:
    """Build every image and the tools of the bring-up, or some images, and say what there is."""
    built = builder.build(paths, names or None)
    if drop_caches:
        workshop.of(paths).go.drop_cache()
    if not names or NODE in names:
        print(f"node image  {built.node_image}")
    for name, image in built.own.items():
        print(f"{name:<11} {image.ref}@{image.digest}")
    for ref, reason in built.left_out.items():
        print(f"left out    {ref}: {reason}")


def show(paths: Paths) -> None:
    """List every image of the lock, and whether it is built."""
    print("\n".join(listed(paths)))


def listed(paths: Paths) -> Iterator[str]:
    """Yield a line for each image of the lock: whether it is built, its size, its name."""
    shop = workshop.of(paths)
    for entry in lock.load(paths.root):
        if not entry.recipe:
            yield f"{'left out':<9} {'':>9}  {entry.ref}: {entry.reason}"
            continue
        recipe = shop.recipes[entry.recipe]
        if entry.name == NODE:
            continue
        built = assembly.is_built(shop, recipe)
        size = f"{assembly.image(shop, recipe).size / 1e6:.1f} MB" if built else ""
        yield f"{'built' if built else 'not built':<9} {size:>9}  {entry.ref}"
    yield f"{'node':<20} {Node(shop).tag}"


def push(paths: Paths, url: str) -> None:
    """Push every image that the lock names to a registry, under its full upstream name; what is optional, where it is built."""
    shop, registry, sent = workshop.of(paths), Registry(url), 0
    named = [(entry, shop.recipes[entry.recipe]) for entry in lock.load(paths.root) if entry.recipe]
    wanted = [recipe for entry, recipe in named if not entry.optional or assembly.is_built(shop, recipe)]
    for recipe in wanted:
        with events.phase("images", f"push {recipe.name}"):
            sent += registry.push(Node(shop).base if recipe.name == NODE else assembly.image(shop, recipe))
    print(f"{len(wanted)} images are at {registry.url}, {sent / 1e6:.0f} MB were sent")


def verify(paths: Paths, names: Sequence[str]) -> None:
    """Check what is stored against what was recorded, then build the named images anew and compare them.

    Raises:
        ChecksumMismatch: the first thing that is not what it should be.
    """
    shop = workshop.of(paths)
    recipes = [builder.by_ref(shop, name) for name in names]
    with lease.exclusive(shop.store.path("build.lock"), "the image cache", within_s=60, purpose="verifying images"):
        print(f"{verification.stored_layers(shop)} layers are as they were built")
        print(f"{verification.images(shop)} images have the digests that their bills of materials record")
        print(f"{verification.debian(shop)} Debian packages are recorded with version and checksum")
    for recipe in recipes:  # elsewhere, so nobody has to wait for it
        print(f"{recipe.name:<23} {verification.rebuilt(shop, recipe)} layers built anew are the same")
