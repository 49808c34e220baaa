"""Everything on this machine that a bring-up may leave behind, to be compared before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plumbline.components.node import belongings
from plumbline.components.node.belongings import Belonging
from plumbline.components.node.host import nodes_left
from plumbline.components.node.kernel import SETTINGS
from plumbline.core import wait
from plumbline.core.paths import Paths

_MARK = "PLUMBLINE_BENCH"  # in the environment of all that a measured command starts
_KEPT = ("runs", "reports", "venv")  # of the state folder: what runs leave on purpose
_SETTLED_WITHIN_S = 15.0
_SETTING = "kernel setting"
_OF_CONTAINERS = (
    "overlay",
    "nsfs",
)  # file systems that the engine mounts for its containers, which are looked at themselves


@dataclass(frozen=True)
class Place:
    """Where measured commands run, and where they may leave something.

    Attributes:
        paths: the checkout.
        cluster: name of the cluster that they make.
        engine: what the environment of ``docker`` needs.
        temporary: the folder of their temporary files.
    """

    paths: Paths
    cluster: str
    engine: Mapping[str, str]
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the environment of a measured command needs, so that what it leaves is found."""
        return {_MARK: str(self.temporary), "TMPDIR": str(self.temporary)}

    def occupied(self) -> frozenset[Belonging]:
        """Return everything that is there now, but for what other clusters have."""
        return belongings.of_machine(self.cluster, self.engine) | frozenset(self._ours())

    def left_since(self, before: frozenset[Belonging]) -> frozenset[Belonging]:
        """Return what is there and was not before, or not as it is now, once what is about to go had time to."""

        def look() -> wait.Observation[frozenset[Belonging]]:
            left = self.occupied() - before
            if not any(thing.kind == _SETTING for thing in before):  # another cluster's node had set them
                left = frozenset(thing for thing in left if thing.kind != _SETTING)
            return wait.Observation(not left, left, ", ".join(sorted(map(str, left))))

        with suppress(wait.Timeout):
            return wait.until(wait.poll(look, every_s=0.5), named="nothing is left behind", within_s=_SETTLED_WITHIN_S)
        return look().value

    def _ours(self) -> Iterator[Belonging]:
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            mount, _, source = line.partition(" - ")
            if source.split()[0] not in _OF_CONTAINERS:
                yield Belonging("mount", mount.split()[4])
        for name in () if nodes_left(self.engine) else SETTINGS:
            file = Path("/proc/sys") / name.replace(".", "/")
            if file.exists():
                yield Belonging(_SETTING, f"{name} = {file.read_text().strip()}")
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is not ours to look at
                if f"{_MARK}={self.temporary}".encode() in (process / "environ").read_bytes().split(b"\0"):
                    yield Belonging("process", f"{process.name} ({(process / 'comm').read_text().strip()})")
        for folder in (self.temporary, self.paths.state):
            for file in folder.rglob("*"):
                if file.is_file() and file.relative_to(folder).parts[0] not in _KEPT:
                    yield Belonging("file", str(file))
