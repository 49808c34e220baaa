"""What this machine must have before the stack can come up, each with its fix."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.components.base import Site
from plumbline.components.cluster import Cluster
from plumbline.components.entrance import reach
from plumbline.core import machine, shell
from plumbline.core.config import Config
from plumbline.core.errors import DiskTooSmall, PlumblineError, ToolMissing, Unfit
from plumbline.core.paths import Paths
from plumbline.images import docker, engine, pull, supply, workshop
from plumbline.images.tree import EPOCH

GB = 10**9
OLDEST_PYTHON = (3, 12)
MEMORY_BYTES = 6 * GB
# Room for what is built (sources, build caches, archives) and for what runs (node image, volumes): with nothing built yet,
# and when a node image is there already.
CACHE_BYTES = {"cold": 15 * GB, "warm": 3 * GB}
ENGINE_BYTES = {"cold": 10 * GB, "warm": 5 * GB}
# What each node beyond the first takes of both: a kubelet with what runs on every node, and its own copies of the images.
MORE_MEMORY_BYTES, MORE_ENGINE_BYTES = GB, 2 * GB
# A node with all components opens about 100 instances; KinD's documentation names the symptom ("too many open files").
INOTIFY = {"max_user_instances": 128, "max_user_watches": 65536}
CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
# Between this machine and the engine's, where that is another: blocks carry the time, and are refused from the future.
CLOCK_OFF_S = 2.0
TOOLS = {"git": "git", "tar": "tar", "make": "make"}
# What each kernel option is needed for; the names are those of the kernel's own configuration.
KERNEL = {"BLK_DEV_LOOP": "volumes", "XFS_FS": "volumes", "NF_TABLES": "NetworkPolicy", "VETH": "pod networks"}
PACKAGES = ("plumbline", "fixtures", "reports", "plumbline_beacon", "plumbline_csi")


@dataclass(frozen=True)
class Check:
    """One precondition, looked at.

    Attributes:
        name: what was looked at.
        ok: whether it is as needed.
        detail: what was found.
        fix: what to do about it, empty when nothing has to be done.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""


class Missing(Unfit):
    """A precondition that does not hold."""

    def __init__(self, found: str, fix: str) -> None:
        """Keep what was found and what to do about it."""
        super().__init__(f"{found}: {fix}")


def checks(paths: Paths, config: Config | None = None) -> list[Check]:
    """Look at every precondition; none of them stops the others from being looked at."""
    return list(_looked_at(_Machine(paths, config or Config.load(paths.root)).preconditions()))


def require(paths: Paths, config: Config | None = None) -> None:
    """Demand every precondition.

    Raises:
        Unfit: the first one that does not hold; its text ends with the fix.
    """
    for look in _Machine(paths, config or Config.load(paths.root)).preconditions().values():
        look()


def render(found: list[Check]) -> str:
    """Show checks as a table for a person, with the fix below each that is not ok."""
    width = max(len(check.name) for check in found)
    margin = " " * (width + 9)
    lines = []
    for check in found:
        text = f"{check.detail}\nfix: {check.fix}" if check.fix else check.detail
        first, *rest = [part for line in text.splitlines() for part in textwrap.wrap(line, 100)]
        lines += [
            f"{'ok' if check.ok else 'NOT OK':<7} {check.name:<{width}} {first}",
            *(margin + part for part in rest),
        ]
    return "\n".join(lines)


def _looked_at(preconditions: Mapping[str, Callable[[], str]]) -> Iterator[Check]:
    for name, look in preconditions.items():
        try:
            yield Check(name, ok=True, detail=look())
        except PlumblineError as error:
            # An error is one sentence: what was found, a colon, and what to do.
            detail, _, fix = str(error).rpartition(": ")
            yield Check(name, ok=False, detail=detail, fix=fix)


class _Machine:
    """This machine, as the preconditions look at it: each says what it found, or raises what is wrong with it."""

    def __init__(self, paths: Paths, config: Config) -> None:
        self.paths, self.config = paths, config

    def preconditions(self) -> dict[str, Callable[[], str]]:
        return {
            "architecture": self.architecture,
            "python": self.python,
            "packages": self.packages,
            "tools": self.tools,
            "memory": self.memory,
            "kernel": self.kernel,
            "inotify": self.inotify,
            "cgroups": self.cgroups,
            "engine": self.engine,
            "privileged": self.privileged,
            "clock": self.clock,
            "network": self.network,
            "ports": self.ports,
            "images": self.images,
            "disk": self.disk,
            "cluster": self.cluster,
        }

    @property
    def more_nodes(self) -> int:
        """How many nodes the cluster has beyond the first."""
        return len(Site(self.config, self.paths).nodes) - 1

    def architecture(self) -> str:
        return workshop.of(self.paths).architecture

    def python(self) -> str:
        if sys.version_info < OLDEST_PYTHON:
            raise Missing(
                f"Python {platform.python_version()} is too old", 'run "make env" with Python 3.12 or newer on PATH'
            )
        return f"{platform.python_version()} at {sys.prefix}"

    def packages(self) -> str:
        """Whether our packages are the ones that an import finds: "fixtures", say, is a name that others use too."""
        for name in PACKAGES:
            spec = importlib.util.find_spec(name)
            where = Path((spec.origin if spec else None) or "nowhere")
            if not where.is_relative_to(self.paths.root):
                raise Missing(
                    f'the package "{name}" comes from {where}, not from this checkout',
                    'run "make env" and use its Python',
                )
        return f"{len(PACKAGES)} packages come from this checkout"

    def tools(self) -> str:
        for tool, package in TOOLS.items():
            if not shutil.which(tool):
                raise ToolMissing(tool, f"install the package {package}")
        return ", ".join(TOOLS)

    def memory(self) -> str:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        needed = MEMORY_BYTES + self.more_nodes * MORE_MEMORY_BYTES
        if total < needed:
            raise Missing(f"{_gb(total)} of memory, {_gb(needed)} needed", "use a machine with more memory")
        return _gb(total)

    def kernel(self) -> str:
        """What the cluster needs of the kernel, as far as it tells; an engine elsewhere has a kernel of its own."""
        options = machine.kernel_options()
        if options is None:
            return (
                f"{platform.release()} does not publish its configuration; {', '.join(KERNEL)} could not be looked at"
            )
        for option, purpose in KERNEL.items():
            if options.get(option) not in ("y", "m"):
                raise Missing(
                    f"the kernel {platform.release()} has no {option}, needed for {purpose}", "use a kernel that has it"
                )
        return f"{platform.release()} has {', '.join(KERNEL)}"

    def inotify(self) -> str:
        found = {}
        for name, needed in INOTIFY.items():
            file = Path("/proc/sys/fs/inotify") / name
            if not file.exists():
                return "not Linux: the engine's own machine has the limits"
            found[name] = int(file.read_text())
            if found[name] < needed:
                raise Missing(
                    f"fs.inotify.{name} is {found[name]}, {needed} needed",
                    f'run "sysctl -w fs.inotify.{name}={4 * needed}" as root',
                )
        return ", ".join(f"{name} {value}" for name, value in found.items())

    def cgroups(self) -> str:
        found = machine.controllers()
        if found is None:
            return "not Linux: the engine's own machine has them"
        if missing := sorted(CONTROLLERS - found):
            raise Missing(
                f"the kernel offers no cgroup controller {', '.join(missing)}, which the kubelet needs",
                'boot it with them (like "cgroup_enable=memory" on its command line)',
            )
        return ", ".join(sorted(CONTROLLERS))

    def engine(self) -> str:
        return str(engine.engine_status())

    def privileged(self) -> str:
        engine.require_privileged()
        return "a privileged container runs"

    def clock(self) -> str:
        """Whether the clock is right, as far as it can be told without asking anybody, and the engine's is the same."""
        if time.time() < EPOCH:
            raise Missing(f"this machine's clock says {datetime.now(UTC):%Y-%m-%d}, which is over", "set the clock")
        off_s = engine.engine_status().clock_off_s
        if abs(off_s) > CLOCK_OFF_S:
            raise Missing(
                f"the engine's clock is {off_s:+.1f} s off this machine's", "set both clocks, or restart the engine"
            )
        return f"the engine's is the same (within {CLOCK_OFF_S:.0f} s)"

    def network(self) -> str:
        """Whether the engine's networks are on this machine: else the ingress is reached by mapped ports."""
        gateway = reach.engines_gateway()
        if not gateway:
            return "the engine has no default network that could be looked at"
        if machine.has_address(gateway):
            return f"the engine's gateway {gateway} is this machine"
        elsewhere = f"the engine's network (gateway {gateway}) is not on this machine, as with Docker Desktop"
        if self.config.reach == "direct":
            raise Missing(
                f"{elsewhere}, so the ingress cannot be reached at its address",
                "leave --reach out, or use --reach mapped",
            )
        return f"{elsewhere}: the ingress is reached by mapped ports"

    def ports(self) -> str:
        """Whether the ports of this machine that the KinD configuration asks for are free, or held by our cluster."""
        cluster = Cluster(Site(self.config, self.paths))
        wanted = cluster.host_ports()
        if wanted and cluster.standing():
            return "held by our cluster"
        for address, port in sorted(wanted):
            if not machine.can_listen(address, port):
                raise Missing(
                    f"port {port} of {address} is taken", "end what listens there, or change local/kind-config.yaml"
                )
        return ", ".join(f"{port} free" for _, port in sorted(wanted)) or "none is asked for"

    def images(self) -> str:
        """How images are had; a mirror is asked, within bounds, unless the images that were pulled from it are here."""
        if self.config.images != "build" and docker.has_image(pull.node_tag(self.paths)):
            return "the pulled node image is here"
        chosen = supply.choose(self.paths, self.config)
        return f"{chosen.mode}: {chosen.reason}"

    def disk(self) -> str:
        """Whether there is room for what is still to be built and for what will run."""
        status = engine.engine_status()
        state = "warm" if self._node_image_built() else "cold"
        folders = {self.paths.cache: CACHE_BYTES[state]}
        if urlsplit(status.url).scheme == "unix":
            folders[status.data] = ENGINE_BYTES[state] + self.more_nodes * MORE_ENGINE_BYTES
        needed: dict[int, int] = {}  # folders on one disk share its room
        for folder, size in folders.items():
            device = _existing(folder).stat().st_dev
            needed[device] = needed.get(device, 0) + size
        for folder in folders:
            here = _existing(folder)
            free, wanted = shutil.disk_usage(here).free, needed[here.stat().st_dev]
            if free < wanted:
                raise DiskTooSmall(str(folder), free, wanted)
        return f"{_gb(shutil.disk_usage(_existing(self.paths.cache)).free)} free, {_gb(max(needed.values()))} needed ({state})"

    def cluster(self) -> str:
        """Whether the name of our cluster is free, or ours."""
        name = self.config.cluster_name
        ours = Cluster(Site(self.config, self.paths))
        return f"{name} stands and is ours" if ours.claim() else f"none is named {name}"

    def _node_image_built(self) -> bool:
        names = [f"--filter=reference={name}" for name in ("plumbline.local/node", pull.NODES)]
        argv = ["docker", "image", "ls", "--quiet", *names]
        return bool(shell.run(argv, within_s=10, env=engine.docker_env()).stdout.strip())


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists (and will hold it)."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _gb(size: int) -> str:
    return f"{size / GB:.1f} GB"
