"""The node image's images, unpacked on a node whose containerd has just started, before the kubelet asks for them."""

from __future__ import annotations

from plumbline.core.paths import Paths
from plumbline.images import docker, workshop

# Recipes, by when a bring-up needs what they make: the control plane, the network, what the programs of ours stand on, the rest.
# Compressed they are stored (populate.sh), and the kubelet would have each unpacked when everybody wants the processors.
ORDER = (
    *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "pause", "kube-proxy"),
    *(
        "kube-router",
        "csi-base",
        "csi-provisioner",
        "csi-snapshotter",
        "metallb-controller",
        "metallb-speaker",
        "traefik",
    ),
    *("sealed-secrets", "coredns", "toolbox", "snapshot-controller", "beacon-base", "geth", "helios-base"),
    *("prometheus-operator", "prometheus-config-reloader", "prometheus", "alertmanager", "kube-state-metrics"),
    "node-exporter",
)
_WITHIN_S = 300.0
_SCRIPT = """
ctr --namespace k8s.io images ls >/tmp/images
for ref in "$@"; do
    digest=$(awk -v ref="$ref" '$1 == ref { print $3 }' /tmp/images)
    ctr --namespace k8s.io snapshots unpack "$digest" >/dev/null
done
rm /tmp/images
"""


def unpack(paths: Paths, node: str) -> None:
    """Have containerd unpack every image that the node image brought, one after another; what is unpacked stays as it is.

    Args:
        paths: the checkout and the cache.
        node: the node's container.
    """
    recipes = workshop.of(paths).recipes
    refs = [str(recipes[name].ref) for name in ORDER]
    docker.run("exec", node, "sh", "-ec", _SCRIPT, "sh", *refs, within_s=_WITHIN_S)
