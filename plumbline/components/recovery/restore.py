"""A restore: a replacement node on a copy of a snapshot, judged by others, then in the place of the node that it is a copy of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol

import yaml

from plumbline.components.base import Release, Site
from plumbline.components.consensus import Consensus
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import Execution, Geth
from plumbline.components.light_client import LightClient
from plumbline.components.recovery import judgement, shift
from plumbline.components.recovery.admission import SnapshotMissing, admit
from plumbline.components.recovery.course import Course
from plumbline.components.recovery.elsewhere import Elsewhere
from plumbline.components.recovery.replacement import RESTORED, CopyRefused, Replacement, no_room_within, refused
from plumbline.components.volumes.chain_marks import ChainMarks
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.core import wait
from plumbline.core.errors import PlumblineError, UsageError
from plumbline.kube.rpc import Direct

BEHIND_AT_MOST = 1  # blocks: a light client learns of a block with the next one
_KEEPS_STATE_OF = 100  # blocks; Geth proves accounts at the newest 128
_WITHIN_S = 60.0
# A client that finds no room says nothing and tries again: how full its volume is, is looked at meanwhile.
_ROOM_EVERY_S = 10.0


class HasHead(Protocol):
    """A node whose newest block can be asked for."""

    @property
    def name(self) -> str:
        """How failures call it."""

    @property
    def head(self) -> int:
        """Number of its newest block."""


@dataclass(frozen=True)
class Restored:
    """A node that stands on a copy and was judged.

    Attributes:
        snapshot: what it is a copy of.
        size: of its volume, as a Kubernetes quantity.
        marks: what was known of the chain in that.
        node: it.
        replaces: the pod of whose volume the snapshot was taken.
        resumed_at: the block that it began with.
        lost_s: seconds between that block and the newest one that the snapshotted node had.
        course: its phases.
    """

    snapshot: Snapshot
    size: str
    marks: ChainMarks
    node: Geth
    replaces: str
    resumed_at: int
    lost_s: float
    course: Course

    @property
    def lost_blocks(self) -> int:
        """How many of the blocks that the snapshotted node had are not in the copy (RPO)."""
        return max(0, self.marks.head_block - self.resumed_at)

    def __str__(self) -> str:
        """Tell it in a line."""
        lost = f"{self.lost_blocks} blocks ({self.lost_s:.0f} s) of {self.replaces} had to be caught up"
        return f"{self.node.name} stands on snapshot {self.snapshot.name}: {lost}; {self.course}"


class Restore:
    """Restores one node at a time; whatever fails leaves the stack as it was."""

    def __init__(self, site: Site, release: Release = RESTORED, *, into: str = "") -> None:
        """Bind to the place where the stack stands.

        Args:
            site: it.
            release: the replacement's, one of those of restored nodes.
            into: a namespace of its own for the replacement, in which no client is sent to it; empty for that of the others.
        """
        self.execution, self.light_client = Execution(site), LightClient(site)
        self.snapshots = Snapshots(site.kube, NAMESPACE)
        self.elsewhere = Elsewhere(site.kube, into, self.snapshots) if into not in ("", NAMESPACE) else None
        placed = replace(release, namespace=into) if self.elsewhere else release
        self.replacement = Replacement(placed, self.execution, Consensus(site))

    def judged(self, name: str, *, size: str = "", course: Course | None = None, **values: Any) -> Restored:
        """Start a replacement on a copy of a snapshot, and return it at the head, when others agree with it.

        No client is sent to it.

        Args:
            name: the snapshot.
            size: of the copy, as a Kubernetes quantity; empty for that of the snapshot.
            course: notes the phases, of a restore that fails, too.
            values: values of the chart ``geth-node`` beyond those of a restored node.

        Raises:
            UsageError: there is no such snapshot, or it cannot become a node here; nothing was touched.
            NoRoom, CopyRefused, wait.Timeout: it did not become one; what was made is removed.
        """
        snapshot = self.snapshots.find(name)
        if snapshot is None:
            raise SnapshotMissing(name, NAMESPACE, [each.name for each in self.snapshots.all()])
        marks, devnet = ChainMarks.on(snapshot), self.execution.devnet
        admit(snapshot, marks, devnet.genesis["config"]["chainId"], devnet.genesis_hash, self._tag(values))
        if self.replacement.present:
            raise UsageError(f"{self.replacement.name} stands already: remove it first (plumbline restore --undo)")
        if self.elsewhere is not None:
            self.elsewhere.demand_absent()
            values = {**self.elsewhere.values, **values}
        try:
            with ExitStack() as ways:
                return self._stood(snapshot, marks, size or snapshot.size, course or Course(), values, ways)
        except BaseException:
            self._leave()
            raise

    def take_over(self, restored: Restored) -> None:
        """Send clients to a restored node, and none to the node that it replaces; no request is lost.

        Raises:
            wait.Timeout: it is not ready to serve; clients are sent where they were before.
        """
        try:
            with restored.course.phase("traffic shifted"):
                shift.to(self.execution, restored.node.name)
                if restored.replaces in self.execution.behind_service():
                    shift.away_from(self.execution, restored.replaces)
        except BaseException:
            self.undo()
            raise
        member = {"create": False, "member": True}  # also of a pod that is made anew
        self.replacement.keep(restored.snapshot, restored.size, service=member)

    def undo(self) -> None:
        """Send clients where they are sent without a restore, and remove the replacement with its volume."""
        if self.elsewhere is None:
            self._send_back()
        self._leave()

    def _send_back(self) -> None:
        for node in self.execution.nodes:
            if node.name not in self.execution.behind_service() and self.execution.kube.find(
                "Pod", node.name, NAMESPACE
            ):
                shift.to(self.execution, node.name)
        if self.replacement.name in self.execution.behind_service():
            shift.away_from(self.execution, self.replacement.name)

    def _leave(self) -> None:
        self.replacement.leave()
        if self.elsewhere is not None:
            self.elsewhere.clear()

    def demand_start(self, snapshot: str) -> None:
        """Wait until the replacement's process runs.

        Raises:
            NoRoom, CopyRefused, ImageMissing: it will not run.
        """
        deadline = wait.Deadline(_WITHIN_S)
        failed: str | None = None
        while failed is None:
            try:
                within_s = min(_ROOM_EVERY_S, deadline.left_s)
                failed = self._until(self.replacement.started(), "process started", within_s)
            except wait.Timeout:
                if self.replacement.full():
                    raise no_room_within(snapshot, "its client waits for room") from None
                if deadline.passed:
                    raise
        if failed:
            raise self.replacement.failure(snapshot, failed)

    def _stood(
        self,
        snapshot: Snapshot,
        marks: ChainMarks,
        size: str,
        course: Course,
        values: Mapping[str, Any],
        ways: ExitStack,
    ) -> Restored:
        node = self.replacement.node
        with course.phase("claim bound"):
            source = self.elsewhere.lend(snapshot) if self.elsewhere else snapshot
            self.replacement.begin(source, size, **values)
            judges = self._judges(ways)  # while the volume is made: to reach them takes as long as to ask them
            if said := self._until(self.replacement.bound(), "volume restored"):
                raise refused(snapshot.name, said)
        with course.phase("pod started"):
            self.demand_start(snapshot.name)
        with course.phase("RPC answers"):
            resumed_at = node.resumed_at()
            if resumed_at == 0 < marks.head_block:
                raise CopyRefused(
                    snapshot.name, f"its volume holds no chain, {node.name} had to begin with the genesis block"
                )
            _demand(snapshot, judgement.of_block(node, [self._judge()], resumed_at))
        with course.phase("head within bound"):
            self._until(at_head(node, self._highest, marks.head_block), "head within bound")
        with course.phase("judged"):
            _demand(snapshot, list(self._objections(marks, judges)))
        lost_s = self._time_of(marks.head_block) - self._time_of(min(resumed_at, marks.head_block))
        return Restored(snapshot, size, marks, node, snapshot.claim.removeprefix("data-"), resumed_at, lost_s, course)

    def _judges(self, ways: ExitStack) -> list[Direct]:
        """Open the ways to those who judge a node: an execution node, and the light client where it serves."""
        verifiers = [each for each in self.light_client.clients if not each.hindrance()]
        node = ways.enter_context(self._judge().direct())
        return [node, *(ways.enter_context(each.direct()) for each in verifiers[:1])]

    def _objections(self, marks: ChainMarks, judges: Sequence[Direct]) -> Iterator[str]:
        """Yield, in words, in what a node at the head does not agree with its judges, of whom the first has all blocks."""
        node = self.replacement.node
        newest = min(node.head, *(int(judge.rpc("eth_blockNumber"), 16) for judge in judges))
        with node.direct() as copy:
            yield from judgement.of_block(copy, judges, newest)
            yield from judgement.of_state(copy, judges, node.block(newest))
            yield from judgement.of_block(copy, judges[:1], marks.head_block)
            yield from judgement.of_forks(copy, judges[:1])
            if newest - marks.head_block < _KEEPS_STATE_OF:
                yield from judgement.of_state(copy, judges[:1], node.block(marks.head_block))

    def _judge(self) -> Geth:
        """Return an execution node that answers.

        Raises:
            PlumblineError: none does.
        """
        answering = self.execution.ask(lambda node: node.head).items()
        if not answering:
            raise PlumblineError("no execution node answers that could judge a copy: heal one first (make all-local)")
        return self.execution.node(answering[0][0])

    def _highest(self) -> int:
        return max(self.execution.ask(lambda other: other.head).values)

    def _time_of(self, number: int) -> int:
        return int(self._judge().block(number)["timestamp"], 16)

    def _until[T](self, condition: wait.Condition[T], what: str, within_s: float = _WITHIN_S) -> T:
        name = self.replacement.name
        return wait.until(condition, named=f"{name}: {what}", within_s=within_s, look=f"plumbline logs {name}")

    def _tag(self, values: Mapping[str, Any]) -> str:
        """Return the version of the client that is started on a copy."""
        chart = yaml.safe_load((self.execution.site.paths.charts / "geth-node" / "values.yaml").read_text())
        return str({**chart["image"], **values.get("image", {})}["tag"])


def at_head(node: HasHead, highest: Callable[[], int], had: int) -> wait.Condition[int]:
    """Return the condition that a node on a copy is near the head, and has what it is judged by.

    Args:
        node: it.
        highest: tells the newest block of the others.
        had: the newest block that the snapshotted node had; a copy that was cut while it wrote may lack it.
    """

    def look() -> wait.Observation[int]:
        newest, head = highest(), node.head
        near = head >= max(newest - BEHIND_AT_MOST, had)
        return wait.Observation(
            near, head, f"{node.name} is at block {head} of {newest}, and its copy's node was at {had}"
        )

    return wait.poll(look, every_s=0.1)


def _demand(snapshot: Snapshot, objections: list[str]) -> None:
    """Refuse a copy against which something is said.

    Raises:
        CopyRefused: something is.
    """
    if objections:
        more = f", and {len(objections) - 1} more" if objections[1:] else ""
        raise CopyRefused(snapshot.name, f"{objections[0]}{more}")
