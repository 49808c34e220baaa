"""From recipes to images: keys before anything is built, layers and images afterwards."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plumbline.core import state
from plumbline.core.errors import PlumblineError
from plumbline.images import layers, oci, sbom
from plumbline.images.content import key_of
from plumbline.images.layers import Layer
from plumbline.images.oci import Image
from plumbline.images.parts.base import Part
from plumbline.images.recipes import Recipe
from plumbline.images.workshop import Workshop

_FORMAT = "layer-1"  # raised when the same recipe must give another layer


class NotBuilt(PlumblineError):
    """An image is asked for whose layers are not there."""

    def __init__(self, name: str) -> None:
        """Keep the image's name."""
        self.name = name
        super().__init__(f"the image {name} is not built yet: run plumbline images build")


def bases(shop: Workshop, recipe: Recipe) -> list[Recipe]:
    """Return the recipes whose layers an image is made of, lowest first, itself last."""
    lower = bases(shop, shop.recipes[recipe.base]) if recipe.base else []
    return [*lower, recipe]


def parts(shop: Workshop, recipe: Recipe) -> Iterator[Part]:
    """Yield all parts of an image, lowest first."""
    for below in bases(shop, recipe):
        yield from below.parts


def layer_key(shop: Workshop, part: Part) -> str:
    """Return the key under which the part's layer is stored."""
    return key_of(_FORMAT, part.kind, part.key(shop))


def content_key(shop: Workshop, recipe: Recipe) -> str:
    """Return the key of everything that an image is made of; nothing needs to be built for it."""
    return key_of(
        "image-2",
        recipe.ref,
        _description(recipe),
        recipe.settings(),
        [layer_key(shop, part) for part in parts(shop, recipe)],
    )


def make(shop: Workshop, recipe: Recipe) -> None:
    """Make what is missing of an image (the layers of its own parts, the bill); what it stands on must be made."""
    for part in recipe.parts:
        make_layer(shop, part)
    if recipe.ref:
        write_bill(shop, recipe)


def is_made(shop: Workshop, recipe: Recipe) -> bool:
    """Return whether all of an image is there: its layers, and a bill that is about them."""
    if not is_built(shop, recipe):
        return False
    return not recipe.ref or sbom.is_about(state.read_json(bill_file(shop, recipe)), content_key(shop, recipe))


def make_layer(shop: Workshop, part: Part) -> Layer:
    """Make a part's layer, if it is not stored, and return it."""
    while True:  # until nobody saves a source file between the key and the copy
        try:
            return _make_layer(shop, part)
        except _Changed:
            continue


class _Changed(Exception):
    """What a layer is made from changed while it was made."""


def _make_layer(shop: Workshop, part: Part) -> Layer:
    key = layer_key(shop, part)

    def write(tar: tarfile.TarFile) -> list[dict[str, Any]]:
        components = part.write(shop, tar)
        if layer_key(shop, part) != key:
            raise _Changed
        return components

    return layers.make(shop.store, key, write)


def image(shop: Workshop, recipe: Recipe) -> Image:
    """Return the image of a recipe.

    Raises:
        NotBuilt: a layer of it is not stored.
    """
    assert recipe.ref is not None
    labels = {**_description(recipe), "dev.plumbline.recipe": content_key(shop, recipe)}
    return oci.image(recipe.ref, stored_layers(shop, recipe), recipe.settings(), labels, shop.architecture)


def _description(recipe: Recipe) -> dict[str, str]:
    """Return what an image says of itself in its labels (https://github.com/opencontainers/image-spec, annotations)."""
    return {
        "org.opencontainers.image.title": recipe.title,
        "org.opencontainers.image.version": recipe.version,
        "org.opencontainers.image.source": recipe.source,
        "org.opencontainers.image.licenses": recipe.license,
    }


def stored_layers(shop: Workshop, recipe: Recipe) -> list[Layer]:
    """Return the layers of an image, lowest first."""
    found = [layers.stored(shop.store, layer_key(shop, part)) for part in parts(shop, recipe)]
    if not all(found):
        raise NotBuilt(recipe.ref or recipe.name)
    return [layer for layer in found if layer is not None]


def is_built(shop: Workshop, recipe: Recipe) -> bool:
    """Return whether all layers of an image are stored."""
    return all(layers.stored(shop.store, layer_key(shop, part)) for part in parts(shop, recipe))


def provenance(shop: Workshop, recipe: Recipe) -> list[str]:
    """Return where everything in an image comes from: names, versions, checksums."""
    return [line for part in parts(shop, recipe) for line in part.provenance(shop)]


def write_bill(shop: Workshop, recipe: Recipe) -> None:
    """Write the image's software bill of materials."""
    components = [entry for layer in stored_layers(shop, recipe) for entry in layer.components]
    about = content_key(shop, recipe)
    bill = sbom.document(recipe, about, image(shop, recipe), provenance(shop, recipe), components)
    if state.read_json(bill_file(shop, recipe)) != bill:
        state.write_json(bill_file(shop, recipe), bill)


def bill_file(shop: Workshop, recipe: Recipe) -> Path:
    """Return where the image's bill is."""
    return shop.paths.state / "images" / f"{recipe.name}.sbom.json"
