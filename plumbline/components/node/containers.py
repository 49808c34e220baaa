"""The containers that run on a node, as its containerd knows them, and whether each image is one that the lock names."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.core import shell
from plumbline.core.config import Config
from plumbline.core.paths import Paths

_RECIPE = "dev.plumbline.recipe"
_SOURCE, _VERSION = "org.opencontainers.image.source", "org.opencontainers.image.version"

# Every containerd namespace, not only that of Kubernetes: what was started beside it is of interest, too.
_LIST = r"""
for space in $(ctr namespaces ls -q); do
    for id in $(ctr -n "$space" tasks ls | awk '$3 == "RUNNING" { print $1 }'); do
        ctr -n "$space" containers info "$id"
    done
done
"""


@dataclass(frozen=True)
class Container:
    """One running container.

    Attributes:
        name: "namespace/pod (container)"; for one that Kubernetes did not start, its id.
        ref: name and tag of its image, as it was asked for.
        image: digest of the image's configuration; empty where containerd does not tell (sandboxes).
        recipe: content key that the image carries as a label.
        source: where the image's content comes from, by its label.
        version: its version, by its label.
    """

    name: str
    ref: str
    image: str = ""
    recipe: str = ""
    source: str = ""
    version: str = ""


@dataclass(frozen=True)
class Pedigree:
    """What is known of an image that the lock names.

    Attributes:
        recipe: content key of what it is built from; empty for one that is pulled.
        image: digest of its configuration, as far as it is known here.
        provenance: names, versions and checksums of what is in it.
    """

    recipe: str
    image: str
    provenance: tuple[str, ...]


def running(node_exec: Callable[..., shell.Result]) -> list[Container]:
    """Return every container that runs on the node, pods' sandboxes included.

    Args:
        node_exec: runs a program on the node, as :meth:`Cluster.node_exec` does.
    """
    return [_container(plain) for plain in _documents(node_exec("sh", "-c", _LIST).stdout)]


def images_of(pods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the digest of each image that pods run, by name and tag, as their kubelets tell."""
    found = {}
    for pod in pods:
        asked = {container["name"]: container["image"] for container in pod.get("spec", {}).get("containers", [])}
        for status in pod["status"].get("containerStatuses", []):
            _, known, digest = status.get("imageID", "").rpartition("sha256:")
            if known:
                found[asked[status["name"]]] = f"sha256:{digest}"
    return found


def pedigree(paths: Paths, config: Config, ref: str) -> Pedigree | None:
    """Return what the checkout knows of an image, or None where its lock does not name it."""
    from plumbline.images import assembly, lock, oci, pull, supply, workshop  # noqa: PLC0415  (nothing else needs the builder)

    entry = lock.load(paths.root).by_ref(ref)
    if entry is None:
        return None
    if not entry.recipe or supply.mode(paths, config) == "pull":
        digest = pull.pulled(paths).get(ref, entry.digest)
        return Pedigree("", "", (digest,) if digest else ())
    shop = workshop.of(paths)
    recipe = shop.recipes[entry.recipe]
    built = assembly.is_built(shop, recipe)
    image = oci.digest_of(assembly.image(shop, recipe).config) if built else ""
    return Pedigree(assembly.content_key(shop, recipe), image, entry.provenance)


def strangers(found: Iterable[Container], known: Callable[[str], Pedigree | None]) -> list[str]:
    """Return, in words, each container whose image has no business here, or not the content that it should have.

    Args:
        found: the running containers.
        known: returns what is known of an image by its name, None where the lock does not name it.
    """
    return [
        f"{container.name}: {problem}" for container in found if (problem := _problem(container, known(container.ref)))
    ]


def _problem(container: Container, expected: Pedigree | None) -> str:
    if expected is None:
        return f"runs {container.ref}, which the image lock does not name"
    if not expected.provenance:
        return f"runs {container.ref}, of which the image lock records no provenance"
    if container.image and expected.image and container.image != expected.image:
        return f"runs {container.ref} with other content ({container.image}) than was built ({expected.image})"
    if expected.recipe and container.recipe != expected.recipe:
        return (
            f"runs {container.ref} from recipe {container.recipe or '(no label)'}, the checkout's is {expected.recipe}"
        )
    if expected.recipe and not (container.source and container.version):
        return (
            f"runs {container.ref}, which does not say where it comes from: labels {_SOURCE} and {_VERSION} are missing"
        )
    return ""


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON documents that stand one after another in a text."""
    decoder, at = json.JSONDecoder(), 0
    while (at := len(text) - len(text[at:].lstrip())) < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document


def _container(plain: dict[str, Any]) -> Container:
    labels = plain.get("Labels") or {}
    pod = f"{labels.get('io.kubernetes.pod.namespace')}/{labels.get('io.kubernetes.pod.name')}"
    kind = labels.get("io.kubernetes.container.name", "sandbox")
    kept = _kept(plain)
    return Container(
        name=f"{pod} ({kind})" if "io.kubernetes.pod.name" in labels else f"container {plain['ID']}, not of Kubernetes",
        # Of several names for one content containerd tells any: what was asked for is what the CRI plug-in keeps.
        ref=kept.get("Config", {}).get("image", {}).get("user_specified_image") or plain["Image"],
        image=kept.get("ImageRef", ""),
        recipe=labels.get(_RECIPE, ""),
        source=labels.get(_SOURCE, ""),
        version=labels.get(_VERSION, ""),
    )


def _kept(plain: dict[str, Any]) -> dict[str, Any]:
    """Return what the CRI plug-in keeps with a container (none for sandboxes, and for what Kubernetes did not start)."""
    kept = (plain.get("Extensions") or {}).get("io.cri-containerd.container.metadata")
    return json.loads(b64decode(kept["value"]))["Metadata"] if kept else {}
