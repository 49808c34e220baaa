"""A program run to its end on a volume that is restored from a snapshot: by a pod of ours, which goes with the volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube import claims
from plumbline.kube.api import Kube, Object
from plumbline.kube.pods import TOOLBOX, confined

_ENDED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Ended:
    """How a program on a copy ended.

    Attributes:
        claim: the claim of the copy's volume.
        ok: whether it ended well.
        said: its output; where it did not end well, after the state of its pod.
    """

    claim: str
    ok: bool
    said: str


@contextmanager
def ran(
    kube: Kube, snapshot: Snapshot, name: str, command: Sequence[str], *, image: str = TOOLBOX, path: str = "/volume"
) -> Iterator[Ended]:
    """Run a program on a copy of a snapshot, and have the copy while the block runs.

    Args:
        kube: the API server.
        snapshot: it stays as it is.
        name: of the pod, and of the claim.
        command: the program.
        image: an image that the node has.
        path: where the program sees the copy.

    Raises:
        wait.Timeout: it does not end.
    """
    _remove(kube, name, snapshot.namespace)  # of an interrupted run
    try:
        pod = confined(name, snapshot.namespace, image, command, claims={path: name}, memory="1Gi")
        pod["spec"]["restartPolicy"] = "Never"
        kube.apply([snapshot.claim_of(name), pod])
        ended = wait.until(_ended(kube, name, snapshot.namespace), named=f"{name} ended", within_s=_ENDED_WITHIN_S)
        ok, said = k8s.pod_ready(ended), kube.logs(snapshot.namespace, name)
        yield Ended(name, ok, said if ok else f"{k8s.pod_state(ended)}: {said}")
    finally:
        _remove(kube, name, snapshot.namespace)


def _ended(kube: Kube, name: str, namespace: str) -> wait.Condition[Object]:
    def judge(pods: dict[str, Object]) -> wait.Observation[Object]:
        pod = pods.get(name, {})
        ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
        return wait.Observation(ended, pod, f"pod {namespace}/{name}: {k8s.pod_state(pod)}")

    return kube.watch("Pod", namespace, judge, name=name)


def _remove(kube: Kube, name: str, namespace: str) -> None:
    kube.delete("Pod", name, namespace, grace_s=0)
    claims.remove(kube, namespace, name)
