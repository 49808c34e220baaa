"""A copy of a node's volume, opened by the client itself without a network: what a snapshot is worth shows only then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.components import kube as k8s
from plumbline.components.kube import Kube, Object
from plumbline.components.pods import confined
from plumbline.components.snapshots import Snapshot
from plumbline.core import wait
from plumbline.core.errors import PlumblineError

_NAME = "plumbline-copy"
_LAST_WORDS = 500  # characters
_OPENED_WITHIN_S, _GONE_WITHIN_S = 60.0, 60.0
_METADATA = ("geth", "db", "metadata", "--datadir=/data")
_NUMBER = re.compile(r"headBlock\.Number\s*\|\s*(\d+)")
_HASH = re.compile(r"headBlock\.Hash\s*\|\s*(0x[0-9a-f]{64})")


class CopyUnreadable(PlumblineError):
    """The client cannot make sense of a copy."""

    def __init__(self, snapshot: Snapshot, reason: str) -> None:
        """Keep the snapshot, and what the client said."""
        self.snapshot, self.reason = snapshot, reason
        super().__init__(f"a copy restored from {snapshot} cannot be opened: {reason}")


@dataclass(frozen=True)
class Head:
    """The head that a database records."""

    number: int
    hash: str

    def __str__(self) -> str:
        """Show both."""
        return f"block {self.number} ({self.hash})"


def head(kube: Kube, snapshot: Snapshot, image: str) -> Head:
    """Return the head in a snapshot of a node's volume.

    Args:
        kube: the API server.
        snapshot: the snapshot; it stays as it is, the copy that is opened is removed.
        image: the client's image.

    Raises:
        CopyUnreadable: the copy cannot be mounted, or the client cannot open it.
    """
    said = _run(kube, snapshot, image, _METADATA)
    found = recorded(said)
    if found is None:
        raise CopyUnreadable(snapshot, said[-_LAST_WORDS:])
    return found


def recorded(said: str) -> Head | None:
    """Return the head in what ``geth db metadata`` prints, None where it records none."""
    number, hash_ = _NUMBER.search(said), _HASH.search(said)
    return Head(int(number[1]), hash_[1]) if number and hash_ else None


def _run(kube: Kube, snapshot: Snapshot, image: str, argv: Sequence[str]) -> str:
    """Run the client on a copy to its end, and return what it said."""
    _remove(kube, snapshot.namespace)  # of an interrupted run
    try:
        pod = confined(_NAME, snapshot.namespace, image, argv, claims={"/data": _NAME}, memory="1Gi")
        pod["spec"]["restartPolicy"] = "Never"
        kube.apply([snapshot.claim_of(_NAME), pod])
        try:
            ended = wait.until(_ended(kube, snapshot.namespace), named=f"{_NAME} ended", within_s=_OPENED_WITHIN_S)
        except wait.Timeout as timeout:
            raise CopyUnreadable(snapshot, str(timeout)) from timeout
        said = kube.logs(snapshot.namespace, _NAME)
        if not k8s.pod_ready(ended):
            raise CopyUnreadable(snapshot, f"{k8s.pod_state(ended)}: {said[-_LAST_WORDS:]}")
        return said
    finally:
        _remove(kube, snapshot.namespace)


def _ended(kube: Kube, namespace: str) -> wait.Condition[Object]:
    def judge(pods: dict[str, Object]) -> wait.Observation[Object]:
        pod = pods.get(_NAME, {})
        ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        return wait.Observation(ended, pod, f"pod {namespace}/{_NAME}: {k8s.pod_state(pod)}")

    return kube.watch("Pod", namespace, judge, name=_NAME)


def _remove(kube: Kube, namespace: str) -> None:
    kube.delete("Pod", _NAME, namespace, grace_s=0)
    kube.delete("PersistentVolumeClaim", _NAME, namespace)
    gone = kube.gone("PersistentVolumeClaim", _NAME, namespace)
    wait.until(gone, named=f"claim {namespace}/{_NAME} gone", within_s=_GONE_WITHIN_S)
