"""What a KinD cluster occupies on this machine outside of itself: asked before it is deleted, and again afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.components.node.host import Network, clusters, nodes_of
from plumbline.components.node.neighbours import Neighbours
from plumbline.core import shell, wait
from plumbline.core.errors import ControlFailed

_POOL = "/var/lib/csi-loop/pool.img"  # of the storage driver, in each node
_ASK_WITHIN_S = 20.0
_FREED_WITHIN_S = 15.0


class LeftBehind(ControlFailed):
    """A deleted cluster left something on the machine."""

    def __init__(self, cluster: str, things: frozenset[Belonging]) -> None:
        """Keep the cluster's name, and what is still there."""
        self.cluster, self.things = cluster, things
        listed = ", ".join(sorted(map(str, things)))
        super().__init__(f"the cluster {cluster} is deleted, but left behind: {listed}; remove it by hand")


@dataclass(frozen=True)
class Belonging:
    """One thing that belongs to a cluster: a container, volume or network of the engine, a loop device of the kernel, and the like.

    Attributes:
        kind: what it is.
        name: its name.
        of: what a loop device stands for (device and inode of the file): one that is freed has its name taken by the next.
    """

    kind: str
    name: str
    of: str = ""

    def __str__(self) -> str:
        """Name it."""
        return f"{self.kind} {self.name}"


def of_cluster(name: str, env: Mapping[str, str]) -> frozenset[Belonging]:
    """Return what belongs to a cluster.

    Args:
        name: the cluster's name.
        env: how the engine is reached.
    """
    found = {Belonging("container", neighbour) for neighbour in Neighbours(name, env).names()}
    for container in nodes_of(name, env):
        found.add(Belonging("container", container["Name"].removeprefix("/")))
        found |= {Belonging("volume", mount["Name"]) for mount in container["Mounts"] if mount["Type"] == "volume"}
        if container["State"]["Running"]:
            found |= _loops(container["Id"], env)
    return frozenset(found)


def of_machine(name: str, env: Mapping[str, str]) -> frozenset[Belonging]:
    """Return every container, volume and network of an engine, and every attached loop device, but what other clusters have.

    Args:
        name: the cluster that is not another one.
        env: how the engine is reached.
    """
    listings = {
        "container": ("ps", "--all", "--format", "{{.Names}}"),
        "volume": ("volume", "ls", "--format", "{{.Name}}"),
        "network": ("network", "ls", "--format", "{{.Name}}"),
    }
    found = {_loop(device) for device in _attached().items()}
    for kind, words in listings.items():
        names = shell.run(["docker", *words], within_s=_ASK_WITHIN_S, env=env).stdout.split()
        found |= {Belonging(kind, one) for one in names}
    for other in clusters(env) - {name}:
        found -= {*of_cluster(other, env), Belonging("network", Network.NAME)}
    return frozenset(found)


def gone(name: str, before: frozenset[Belonging], env: Mapping[str, str]) -> None:
    """Wait until nothing is left of what a deleted cluster had: the kernel frees its loop devices a moment later.

    Raises:
        LeftBehind: something stays.
    """

    def look() -> wait.Observation[frozenset[Belonging]]:
        left = frozenset(thing for thing in before if _exists(thing, env))
        return wait.Observation(not left, left, ", ".join(sorted(map(str, left))))

    try:
        wait.until(wait.poll(look, every_s=0.2), named=f"nothing left of {name}", within_s=_FREED_WITHIN_S)
    except wait.Timeout as error:
        raise LeftBehind(name, look().value) from error


def _exists(thing: Belonging, env: Mapping[str, str]) -> bool:
    if thing.kind == "loop device":
        return thing in {_loop(device) for device in _attached().items()}
    argv = ["docker", thing.kind, "inspect", "--format", "{{.Name}}", thing.name]
    return shell.run(argv, within_s=_ASK_WITHIN_S, env=env, check=False).ok


def _loops(container: str, env: Mapping[str, str]) -> set[Belonging]:
    """Return the loop devices behind a node's volumes: that of its pool, and those whose files lie in the pool."""
    argv = ["docker", "exec", container, "stat", "--format", "%Hd:%Ld %i", _POOL]
    pool = shell.run(argv, within_s=_ASK_WITHIN_S, env=env, check=False)
    if not pool.ok:
        return set()  # no pool, or no shell: nothing is attached for it
    devices = _attached()
    own = {name for name, (device, inode, _) in devices.items() if f"{device} {inode}" == pool.stdout.strip()}
    numbers = {devices[name][2] for name in own}
    within = {name for name, (device, _, _) in devices.items() if device in numbers}
    return {_loop((name, devices[name])) for name in own | within}


def _loop(device: tuple[str, tuple[str, str, str]]) -> Belonging:
    name, (backing, inode, _) = device
    return Belonging("loop device", name, f"{backing} {inode}")


def _attached() -> dict[str, tuple[str, str, str]]:
    """Return the attached loop devices: device and inode of the file behind each, and its own device number.

    Where this machine is not the engine's, or we may not look, there are none to speak of.
    """
    if not shutil.which("losetup"):
        return {}
    argv = ["losetup", "--list", "--json", "--output", "NAME,BACK-MAJ:MIN,BACK-INO,MAJ:MIN"]
    said = shell.run(argv, within_s=_ASK_WITHIN_S, check=False).stdout
    return parse(said) if said.strip() else {}


def parse(listed: str) -> dict[str, tuple[str, str, str]]:
    """Return the loop devices in the JSON of ``losetup --list``."""
    devices = json.loads(listed)["loopdevices"]
    return {d["name"]: (d["back-maj:min"].strip(), str(d["back-ino"]), d["maj:min"].strip()) for d in devices}
