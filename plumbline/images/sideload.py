"""Our own images, loaded into running nodes: only the layers that each has not got, in seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from plumbline.core import events
from plumbline.core.paths import Paths
from plumbline.images import assembly, builder, docker, oci, workshop
from plumbline.images.oci import Image

_WITHIN_S = 300.0
_CTR = ("ctr", "--namespace", "k8s.io")
# Two at once would both send the layers that they share, and the one that is needed first would come later.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Loaded:
    """One image in a node.

    Attributes:
        node: the node's container.
        ref: its name and tag.
        digest: its digest.
        sent: bytes of layers that had to be sent; 0 when the node had all.
    """

    node: str
    ref: str
    digest: str
    sent: int


def sideload(paths: Paths, nodes: Sequence[str], names: Iterable[str]) -> list[Loaded]:
    """Build images if needed, and have them in the containerd of each node, all nodes at once.

    Args:
        paths: the checkout and the cache.
        nodes: the nodes' containers.
        names: the images, by name and tag or by recipe.
    """
    shop = workshop.of(paths)
    recipes = [builder.by_ref(shop, name) for name in names]
    missing = [recipe.name for recipe in recipes if not assembly.is_built(shop, recipe)]
    if missing:
        builder.build(paths, only=missing)
    wanted = [assembly.image(shop, recipe) for recipe in recipes]
    with _one_at_a_time, ThreadPoolExecutor(len(nodes)) as pool:
        return [
            one for loaded in pool.map(lambda node: [_load(node, image) for image in wanted], nodes) for one in loaded
        ]


def _load(node: str, image: Image) -> Loaded:
    listed = docker.run("exec", node, *_CTR, "images", "ls", f"name=={image.ref}").stdout
    if image.digest in listed:
        return Loaded(node, image.ref, image.digest, 0)
    present = set(docker.run("exec", node, *_CTR, "content", "ls", "--quiet").stdout.split())
    sent = sum(layer.size for layer in image.layers if layer.digest not in present)
    with events.phase("images", f"load {image.ref}", node=node, bytes=sent):
        argv = ["exec", "--interactive", node, *_CTR, "images", "import", "--digests", "-"]
        docker.feed(argv, lambda out: oci.write_archive(out, [image], present), within_s=_WITHIN_S)
        # The kubelet must not collect it: nothing could pull it again.
        docker.run("exec", node, *_CTR, "images", "label", image.ref, "io.cri-containerd.pinned=pinned")
    return Loaded(node, image.ref, image.digest, sent)
