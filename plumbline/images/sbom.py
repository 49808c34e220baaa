"""Software bills of materials: CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), one document for each image."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from plumbline.images.oci import CREATED, Image
from plumbline.images.recipes import Recipe

_KEY, _DIGEST = "plumbline:recipe", "plumbline:digest"


def document(
    recipe: Recipe, key: str, image: Image | None, provenance: Sequence[str], components: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Return the bill of an image.

    Every entry of ``components`` has a package URL (https://github.com/package-url/purl-spec). Checksums are in ``hashes`` where
    they are SHA-256 sums of a file; those of Go modules are go.sum's own kind and stand in ``properties`` as plumbline:go.sum.
    The document of an unchanged image does not change: its serial number is derived from the image, its time is that of the image.
    """
    name = recipe.ref or f"plumbline.local/{recipe.name}"
    unique = {entry["bom-ref"]: entry for entry in components}
    subject: dict[str, Any] = {"type": "container", "bom-ref": name, "name": name, "version": recipe.version}
    if "://" in recipe.source:
        subject["externalReferences"] = [{"type": "vcs", "url": recipe.source}]
    subject["properties"] = [{"name": _KEY, "value": key}]
    subject["properties"] += [{"name": "plumbline:provenance", "value": line} for line in provenance]
    if image is not None:
        subject["properties"].append({"name": _DIGEST, "value": image.digest})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}#{key}')}",
        "version": 1,
        "metadata": {
            "timestamp": CREATED,
            "tools": {"components": [{"type": "application", "name": "plumbline"}]},
            "component": subject,
        },
        "components": [unique[ref] for ref in sorted(unique)],
        "dependencies": [{"ref": name, "dependsOn": sorted(unique)}],
    }


def is_about(bill: Any, key: str) -> bool:
    """Return whether a stored bill is that of the image with this content key."""
    return isinstance(bill, dict) and {"name": _KEY, "value": key} in bill["metadata"]["component"]["properties"]


def digest_in(bill: dict[str, Any]) -> str:
    """Return the digest that a bill records of its image, empty where it records none."""
    properties = bill["metadata"]["component"]["properties"]
    return next((str(entry["value"]) for entry in properties if entry["name"] == _DIGEST), "")
