"""An upgrade rehearsed: a clone of a node under another client version, judged by others, and the way back tried on it, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from plumbline.components.base import Site
from plumbline.components.devnet import NAMESPACE
from plumbline.components.recovery.cut import Mode, cut
from plumbline.components.recovery.replacement import REHEARSED
from plumbline.components.recovery.restore import Restore, Restored
from plumbline.core import wait
from plumbline.core.errors import PlumblineError, UsageError

_NAME = "plumbline-rehearsal"
_GONE_WITHIN_S = 90.0


@dataclass(frozen=True)
class Rehearsal:
    """What came of one.

    Attributes:
        image: the other client.
        version: what it calls itself; empty where it never answered.
        objection: why it may not be rolled out, empty where it may.
        no_way_back: why the present client cannot go on with what it wrote; empty where it can.
    """

    image: str
    version: str = ""
    objection: str = ""
    no_way_back: str = ""

    @property
    def passed(self) -> bool:
        """Whether it may be rolled out, and taken back."""
        return not (self.objection or self.no_way_back)

    def __str__(self) -> str:
        """Give the verdict in a sentence."""
        named = f"{self.image} ({self.version})" if self.version else self.image
        if self.objection:
            return f"{named} must not be rolled out: {self.objection}"
        if self.no_way_back:
            return f"{named} may be rolled out, but not taken back: {self.no_way_back}"
        return f"{named} may be rolled out: on a clone it has the same chain as the others, and the present client goes on after it"


def rehearse(site: Site, pod: str, image: str) -> Rehearsal:
    """Run a clone of a node under another client's image, have it judged, and try the way back; nothing of it stays.

    Args:
        site: where the stack stands.
        pod: the node, which goes on as it is.
        image: repository and tag.

    Raises:
        UsageError: it is no image with a tag, or there is no such node.
    """
    repository, _, tag = image.rpartition(":")
    if not repository or "/" in tag:
        raise UsageError(f'"{image}" is no image with a tag: name it like docker.io/ethereum/client-go:v1.17.11')
    verdict = Rehearsal(image)
    with _clean(Restore(site, REHEARSED)) as restore:
        if pod not in (names := [node.name for node in restore.execution.nodes]):
            raise UsageError(f'there is no node "{pod}": name one of {", ".join(names)}')
        cut(restore.execution, restore.snapshots, pod, Mode.CRASH_CONSISTENT, _NAME)
        try:
            clone = restore.judged(_NAME, image={"repository": repository, "tag": tag})
        except PlumblineError as error:
            return replace(verdict, objection=str(error))
        verdict = replace(verdict, version=clone.node.version)
        return replace(verdict, no_way_back=_no_way_back(restore, clone))


def _no_way_back(restore: Restore, clone: Restored) -> str:
    """Return why the present client cannot go on where the other one was, empty where it can."""
    kube, head = restore.execution.kube, clone.node.head
    restore.replacement.keep(clone.snapshot, clone.size)
    kube.delete("Pod", clone.node.name, NAMESPACE)
    try:
        wait.until(kube.gone("Pod", clone.node.name, NAMESPACE), named="clone ended", within_s=_GONE_WITHIN_S)
        restore.demand_start(clone.snapshot.name)
        resumed_at = clone.node.resumed_at()
    except PlumblineError as error:
        return str(error)
    return "" if resumed_at >= head else f"it was at block {head}, and the present client begins at {resumed_at}"


@contextmanager
def _clean(restore: Restore) -> Iterator[Restore]:
    """Remove what a rehearsal leaves, and what an interrupted one left."""

    def clean() -> None:
        if restore.replacement.present:
            restore.replacement.leave()
        restore.snapshots.remove(_NAME)

    clean()
    try:
        yield restore
    finally:
        clean()
