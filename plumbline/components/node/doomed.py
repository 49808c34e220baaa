"""A cluster that exists to be destroyed: to KinD it is a node like any other, but nothing runs in it, so it costs two seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.core import shell, state
from plumbline.core.paths import Paths

_WITHIN_S = 60.0
_SPARE_LOOPS = 8  # others may take some in between

# A pool and a volume in it, mounted by loop devices, as the storage driver has them. A container's /dev has the devices of the
# moment when it was started: those that the kernel makes later need a node.
_LIKE_A_STACK = f"""
free=$(losetup --find)
for number in $(seq "${{free#/dev/loop}}" $((${{free#/dev/loop}} + {_SPARE_LOOPS}))); do
    [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number
done
cd /var/lib/csi-loop && mkdir pool
truncate --size 320M pool.img && mkfs.xfs -q pool.img && mount -o loop pool.img pool
truncate --size 32M pool/disk.img && mkfs.ext4 -q pool/disk.img && mkdir -p /mnt/disk && mount -o loop pool/disk.img /mnt/disk
"""


def name(beside: Site) -> str:
    """Return what the doomed cluster of a stack is called: two stacks on one engine have one each."""
    return f"{beside.config.cluster_name}-doomed"


@contextmanager
def site(beside: Site, folder: Path) -> Iterator[Site]:
    """Have such a cluster while the block runs, whether the block destroys it or not.

    Args:
        beside: the place of a standing stack, whose node image and tools are used.
        folder: an empty folder, for the state of the doomed one.
    """
    folder.joinpath("bin").symlink_to(beside.paths.bin)
    cluster = name(beside)
    config = dataclasses.replace(beside.config, cluster_name=cluster)
    place = Site(config, Paths(root=beside.paths.root, state=folder, cache=beside.paths.cache))
    env, container = Cluster(place).engine, Cluster(place).node_container

    def docker(*words: str) -> str:
        return shell.run(["docker", *words], within_s=_WITHIN_S, env=env).stdout.strip()

    labels = [f"--label=io.x-k8s.kind.cluster={cluster}", "--label=io.x-k8s.kind.role=control-plane"]
    how = ["--detach", "--privileged", "--network=kind", "--volume=/var/lib/csi-loop", "--entrypoint=sleep"]
    docker("rm", "--force", "--volumes", container)  # of an interrupted run
    try:
        identity = docker("run", *how, *labels, f"--name={container}", Cluster(beside).image, "infinity")
        docker("exec", container, "bash", "-euc", _LIKE_A_STACK)
        record = {"name": cluster, "owner": cluster, "phase": "standing", "containers": [identity]}
        state.write_json(folder / "cluster.json", record)
        state.write_text(place.paths.kubeconfig, "apiVersion: v1\nkind: Config\n", mode=0o600)
        yield place
    finally:
        docker("rm", "--force", "--volumes", container)
