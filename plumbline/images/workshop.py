"""The workshop: what parts and images are made with, set up once for each checkout."""

from __future__ import annotations

import platform
import threading
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

from plumbline.core import state
from plumbline.core.errors import Unfit
from plumbline.core.paths import Paths
from plumbline.images import apt, debian, golang, recipes
from plumbline.images.content import Store
from plumbline.images.debian_lock import SYSTEM, DebianLock
from plumbline.images.modules import Modules
from plumbline.images.parts.debian import OsPart

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
SUPPORTED = ("amd64",)


class WrongArchitecture(Unfit):
    """The recipes are for another kind of machine."""

    def __init__(self, machine: str) -> None:
        """Keep what this machine is."""
        self.machine = machine
        super().__init__(
            f"images can be built on {', '.join(SUPPORTED)} machines, this one is {machine}: use one of those"
        )


class Workshop:
    """Everything that is needed to turn recipes into layers; nothing is fetched before it is used."""

    def __init__(self, paths: Paths) -> None:
        """Work for the checkout and the cache of ``paths``."""
        self.paths = paths
        self.store = Store(paths.cache)
        self._lock = threading.Lock()

    @cached_property
    def architecture(self) -> str:
        """What is built for, as Go and Debian name it."""
        found = _ARCHITECTURES.get(platform.machine().lower(), platform.machine())
        if found not in SUPPORTED:
            raise WrongArchitecture(found)
        return found

    @property
    def pins(self) -> Path:
        """Pins of the tools that builds need."""
        return self.paths.local / "programs" / "toolchain"

    @cached_property
    def recipes(self) -> dict[str, recipes.Recipe]:
        """The recipes of all images."""
        return recipes.load(self.paths.local / "images")

    @cached_property
    def programs(self) -> dict[str, golang.Program]:
        """The Go programs."""
        return golang.load(self.paths.local / "programs")

    @cached_property
    def go(self) -> golang.Go:
        """The Go toolchain."""
        return golang.Go(self.store, self.pins, self.architecture)

    @cached_property
    def upstream(self) -> Modules:
        """Files of pinned Go modules."""
        return Modules(self.paths.local / "programs", self.go)

    @cached_property
    def debian_lock(self) -> DebianLock:
        """The recorded Debian packages."""
        return DebianLock(self.paths.local / "images" / "debian.lock.json")

    @cached_property
    def system(self) -> debian.System:
        """The Debian system of the recipe ``os``."""
        (part,) = (part for part in self.recipes["os"].parts if isinstance(part, OsPart))
        return debian.System(self.store, part, self.debian_lock, self.architecture)

    def is_met(self, need: str) -> bool:
        """Return whether a job that a part needs is done."""
        program = need.removeprefix("program ")
        return self.system.is_installed if need == "os" else self.go.built(self.programs[program]).is_dir()

    def meet(self, need: str) -> None:
        """Do a job that a part needs: "os" (install the Debian system), or "program NAME" (build it)."""
        if need == "os":
            self.system.install()
        else:
            self.go.build(self.programs[need.removeprefix("program ")])

    def debian_used(self, section: str) -> dict[str, dict[str, str]]:
        """Return the Debian packages that were used on this machine for a section of the lock: name -> version and checksum."""
        return self.system.used() if section == SYSTEM else state.read_json(self._debian_record(section)) or {}

    def _debian_record(self, suite: str) -> Path:
        return self.store.path(f"debian-{suite}.json")

    def debs(self, suite: str, packages: Sequence[str]) -> list[apt.Deb]:
        """Fetch Debian packages, record them, and warn when they are not those that were recorded."""
        with self._lock:
            debs = apt.AptRoot([suite], self.store.root).download(packages)
            used = {deb.name: {"version": deb.version, "sha256": deb.sha256} for deb in debs}
            state.write_json(self._debian_record(suite), {**self.debian_used(suite), **used})
        self.debian_lock.report_drift(suite, used)
        return debs


@cache
def of(paths: Paths) -> Workshop:
    """Return the workshop of a checkout."""
    return Workshop(paths)
