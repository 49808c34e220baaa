"""Images that the node image brings are unpacked on a node before the kubelet asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.core.paths import Paths
from plumbline.images import docker, workshop

_WITHIN_S = 300.0
# Compressed they are stored (populate.sh).
_SCRIPT = """
brought=$(ctr --namespace k8s.io images ls)
for ref in "$@"; do
    digest=$(echo "$brought" | awk -v ref="$ref" '$1 == ref { print $3 }')
    ctr --namespace k8s.io snapshots unpack "$digest" >/dev/null
done
"""


def unpack(paths: Paths, node: str, names: Sequence[str]) -> None:
    """Have a node's containerd unpack images, one after another; what is unpacked stays as it is.

    Args:
        paths: the checkout and the cache.
        node: the node's container.
        names: the images, by recipe.
    """
    recipes = workshop.of(paths).recipes
    refs = [str(recipes[name].ref) for name in names]
    docker.run("exec", node, "sh", "-ec", _SCRIPT, "sh", *refs, within_s=_WITHIN_S)
