"""Whether what is stored is what was recorded, and whether it comes out the same when it is built anew."""

from __future__ import annotations

import dataclasses

from plumbline.core import events, state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ChecksumMismatch
from plumbline.images import assembly, sbom
from plumbline.images.layers import Layer
from plumbline.images.node import NAME as NODE
from plumbline.images.node import Node
from plumbline.images.parts.debian import OsPart
from plumbline.images.recipes import Recipe
from plumbline.images.workshop import Workshop

_MAKE_ANEW = 'it is not used any more; "plumbline images build" makes it anew'
_NOT_THE_SAME = "the same recipe gave two layers, so something in it is not pinned; see what differs in them"


def stored_layers(shop: Workshop) -> int:
    """Check every stored layer against its recorded checksum, and return how many there are.

    Raises:
        ChecksumMismatch: one is damaged; the damaged ones are removed, so that the next build makes them anew.
    """
    damaged = None
    notes = sorted(shop.store.path("layers").glob("*.json"))
    for note in notes:
        recorded = (state.read_json(note) or {}).get("digest", "")
        file = note.with_suffix(".tar.zst")
        actual = f"sha256:{sha256_of(file)}" if file.exists() else "(file missing)"
        if actual != recorded:
            note.unlink()
            damaged = damaged or ChecksumMismatch(f"the stored layer {file.name}", recorded, actual, _MAKE_ANEW)
            continue
        events.emit("images", "verified", layer=recorded)
    if damaged:
        raise damaged
    return len(notes)


def images(shop: Workshop) -> int:
    """Put every built image together again, and return how many have the digest that their bill of materials records.

    Raises:
        ChecksumMismatch: one has another.
    """
    made = [
        recipe
        for recipe in shop.recipes.values()
        if recipe.ref and recipe.name != NODE and assembly.is_made(shop, recipe)
    ]
    for recipe in made:
        recorded = sbom.digest_in(state.read_json(assembly.bill_file(shop, recipe)) or {})
        actual = assembly.image(shop, recipe).digest
        if actual != recorded:
            raise ChecksumMismatch(f"the image {recipe.ref}", recorded, actual, _MAKE_ANEW)
        events.emit("images", "verified", image=f"{recipe.ref}@{actual}")
    return len(made)


def debian(shop: Workshop) -> int:
    """Report where Debian packages that were used here are not those of the lock, and return how many the lock records."""
    sections = shop.debian_lock.sections
    for section, recorded in sections.items():
        used = {name: entry for name, entry in shop.debian_used(section).items() if name in recorded}
        shop.debian_lock.report_drift(section, used)
    return sum(len(recorded) for recorded in sections.values())


def rebuilt(shop: Workshop, recipe: Recipe) -> int:
    """Make the layers of an image's own parts anew, in another folder, and return how many came out the same.

    Everything is fetched and compiled again, except the Debian system, which is installed again for the recipe "os" only.

    Raises:
        ChecksumMismatch: a layer came out as another.
        NotBuilt: it was not built yet.
    """
    with shop.store.scratch() as folder, events.phase("images", f"{recipe.name}, anew"):
        other = Workshop(dataclasses.replace(shop.paths, state=folder / "state", cache=folder / "cache"))
        if not any(isinstance(part, OsPart) for part in recipe.parts):
            _lend_system(shop, other)
        needs = [need for part in recipe.parts for need in part.needs()]
        if not all(shop.is_met(need) for need in needs):
            raise assembly.NotBuilt(recipe.name)
        for need in needs:
            other.meet(need)
        pairs = list(zip(_layers(shop, recipe), _layers(other, recipe), strict=True))
        for stored, made in pairs:
            if made.digest != stored.digest:
                raise ChecksumMismatch(f"a layer of {recipe.name}", stored.digest, made.digest, _NOT_THE_SAME)
    return len(pairs)


def _layers(shop: Workshop, recipe: Recipe) -> list[Layer]:
    """Return the layers of an image's own parts, made where they are not stored; the node's system is one layer."""
    if recipe.name == NODE:
        return list(Node(shop).base.layers)
    return [assembly.make_layer(shop, part) for part in recipe.parts]


def _lend_system(shop: Workshop, other: Workshop) -> None:
    for mine, theirs in ((shop.system.archive, other.system.archive), (shop.system.record, other.system.record)):
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.symlink_to(mine)
