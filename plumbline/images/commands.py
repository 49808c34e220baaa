"""``plumbline images``: build, list, lock, push, verify, tools; each action is a function of the same name."""

from __future__ import annotations

from plumbline.core import events, lease, state
from plumbline.core.errors import ChecksumMismatch
from plumbline.core.paths import Paths
from plumbline.images import assembly, builder, lock, workshop
from plumbline.images.content import key_of_file
from plumbline.images.distribution import Registry
from plumbline.images.node import NAME as NODE
from plumbline.images.node import Node


def build(paths: Paths, *, drop_caches: bool) -> None:
    """Build every image and the tools of the bring-up, and say what there is."""
    built = builder.build(paths)
    if drop_caches:
        workshop.of(paths).go.drop_cache()
    print(f"node image  {built.node_image}")
    for name, image in built.own.items():
        print(f"{name:<11} {image.ref}@{image.digest}")
    for ref, reason in built.left_out.items():
        print(f"left out    {ref}: {reason}")


def show(paths: Paths) -> None:
    """List every image of the lock, and whether it is built."""
    shop = workshop.of(paths)
    for entry in lock.load(paths.root):
        if not entry.recipe:
            print(f"{'left out':<9} {'':>9}  {entry.ref}: {entry.reason}")
            continue
        recipe = shop.recipes[entry.recipe]
        if entry.name == NODE:
            continue
        built = assembly.is_built(shop, recipe)
        size = f"{assembly.image(shop, recipe).size / 1e6:.1f} MB" if built else ""
        print(f"{'built' if built else 'not built':<9} {size:>9}  {entry.ref}")
    print(f"{'node':<20} {Node(shop).tag}")


def push(paths: Paths, url: str) -> None:
    """Push every image that the lock names to a registry, under its full upstream name."""
    shop, registry, sent = workshop.of(paths), Registry(url), 0
    wanted = [shop.recipes[entry.recipe] for entry in lock.load(paths.root) if entry.recipe]
    for recipe in wanted:
        with events.phase("images", f"push {recipe.name}"):
            sent += registry.push(Node(shop).base if recipe.name == NODE else assembly.image(shop, recipe))
    print(f"{len(wanted)} images are at {registry.url}, {sent / 1e6:.0f} MB were sent")


def verify(paths: Paths) -> None:
    """Check every stored layer against its recorded checksum; a damaged one is removed, so that the next build makes it anew."""
    shop = workshop.of(paths)
    damaged = None
    with lease.exclusive(shop.store.path("build.lock"), "the image cache", within_s=60, purpose="verifying images"):
        for note in sorted(shop.store.path("layers").glob("*.json")):
            recorded = (state.read_json(note) or {}).get("digest", "")
            file = note.with_suffix(".tar.zst")
            actual = f"sha256:{key_of_file(file)}" if file.exists() else "(file missing)"
            if actual != recorded:
                note.unlink()
                fix = 'it is not used any more; "plumbline images build" makes it anew'
                damaged = damaged or ChecksumMismatch(f"the stored layer {file.name}", recorded, actual, fix)
                continue
            events.emit("images", "verified", layer=recorded)
    if damaged:
        raise damaged
    print(f"{len(list(shop.store.path('layers').glob('*.json')))} layers are as they were built")
