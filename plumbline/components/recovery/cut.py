"""A snapshot of a node's volume, cut while the node writes to it, or while it is stopped and has written everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import Execution, claim_of
from plumbline.components.volumes.chain_marks import MODE, ChainMarks
from plumbline.components.volumes.snapshots import Snapshot, Snapshots
from plumbline.core import wait

_STOPPED_WITHIN_S = 90.0  # shutdown.drainSeconds and graceSeconds of charts/geth-node, and a moment


class Mode(StrEnum):
    """In what state a volume is copied."""

    GRACEFUL = "graceful"
    CRASH_CONSISTENT = "crash-consistent"


def cut(execution: Execution, snapshots: Snapshots, pod: str, mode: Mode, name: str) -> Snapshot:
    """Take a snapshot of the volume of a node that is alone in its release, and return it when it is ready.

    Args:
        execution: the nodes.
        snapshots: those of their namespace.
        pod: the node; after a graceful cut it starts again, and is not waited for.
        mode: in what state its volume is copied.
        name: of the snapshot.
    """
    marks, claim = ChainMarks.of(execution.node(pod)), claim_of(pod)
    labels = {**marks.labels, MODE: mode.value}
    if mode is Mode.CRASH_CONSISTENT:
        return snapshots.take(claim, name=name, labels=labels, annotations=marks.annotations)
    with _stopped(execution, pod):
        return snapshots.take(claim, name=name, labels=labels, annotations=marks.annotations)


@contextmanager
def _stopped(execution: Execution, pod: str) -> Iterator[None]:
    """Stop a node gracefully while the block runs."""
    release, kube = pod.rpartition("-")[0], execution.kube
    kube.patch("StatefulSet", release, NAMESPACE, {"spec": {"replicas": 0}})
    try:
        wait.until(kube.gone("Pod", pod, NAMESPACE), named=f"{pod} stopped", within_s=_STOPPED_WITHIN_S)
        yield
    finally:
        kube.patch("StatefulSet", release, NAMESPACE, {"spec": {"replicas": 1}})
