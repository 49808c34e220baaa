"""``plumbline images``: build, list, lock, verify, tools."""

from __future__ import annotations

from plumbline.core import events, lease, state
from plumbline.core.errors import ChecksumMismatch, UsageError
from plumbline.core.paths import Paths
from plumbline.images import assembly, builder, lock, pinning, tools, workshop
from plumbline.images.content import key_of_file
from plumbline.images.node import Node


def command(paths: Paths, action: str) -> int:
    """Do what ``plumbline images`` asks for, and return its exit code."""
    actions = {"build": _build, "list": _list, "lock": _lock, "verify": _verify, "tools": _tools}
    if action not in actions:
        raise UsageError(f"plumbline images {action} is not possible; choose one of {', '.join(actions)}")
    actions[action](paths)
    return 0


def _build(paths: Paths) -> None:
    built = builder.build(paths)
    print(f"node image  {built.node_image}")
    for name, image in built.own.items():
        print(f"{name:<11} {image.ref}@{image.digest}")
    for ref, reason in built.left_out.items():
        print(f"left out    {ref}: {reason}")


def _list(paths: Paths) -> None:
    shop = workshop.of(paths)
    for entry in lock.load(paths.root):
        if not entry.recipe:
            print(f"{'left out':<9} {'':>9}  {entry.ref}: {entry.reason}")
            continue
        recipe = shop.recipes[entry.recipe]
        built = assembly.is_built(shop, recipe)
        size = f"{assembly.image(shop, recipe).size / 1e6:.1f} MB" if built else ""
        print(f"{'built' if built else 'not built':<9} {size:>9}  {entry.ref}")
    print(f"{'node':<20} {Node(shop).tag}")


def _lock(paths: Paths) -> None:
    pinning.renew(paths)


def _tools(paths: Paths) -> None:
    print(tools.ensure(paths))


def _verify(paths: Paths) -> None:
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
