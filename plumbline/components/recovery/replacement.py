"""The node that a snapshot becomes: a release of its own, which gets no clients before it is judged."""

from __future__ import annotations

import re
from typing import Any

from plumbline.components.base import Release
from plumbline.components.chain.further_node import FurtherNode
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import CONTAINER
from plumbline.components.recovery.cut import Mode
from plumbline.components.volumes.chain_marks import MODE
from plumbline.components.volumes.snapshots import Snapshot
from plumbline.core import wait
from plumbline.core.errors import ControlFailed, PlumblineError, Unfit
from plumbline.kube import api as k8s
from plumbline.kube import usage
from plumbline.kube.api import Object

RESTORED, REHEARSED = (
    Release(name, "geth-node", NAMESPACE, values_file="values.local-restored.yaml", asks_api_server=True)
    for name in ("geth-restored", "geth-rehearsed")
)
_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_FINAL = ("ResourceExhausted", "OutOfRange", "InvalidArgument")  # gRPC codes by which a driver refuses
_COMPLAINT = re.compile("Fatal|ERROR|CRIT|panic: ")  # of Geth; what it ends with after a panic are places in its code
_NO_ROOM = ("no space left on device", "Low disk space")  # as the kernel says it, and Geth
_LITTLE_BYTES = 1 << 20
_SAID = 300  # characters


class NoRoom(Unfit):
    """There is no room for a copy, or none left within it."""

    def __init__(self, snapshot: str, where: str, said: str, fix: str) -> None:
        """Keep the snapshot's name, what is full, who said so, and what to do."""
        self.snapshot, self.where, self.said = snapshot, where, said
        super().__init__(f"snapshot {snapshot} cannot be restored, {where} is full ({said}): {fix}")


class CopyRefused(ControlFailed):
    """A copy is not the chain that it should be; it was removed, and whoever served clients goes on."""

    def __init__(self, snapshot: str, why: str) -> None:
        """Keep the snapshot's name, and what is wrong with its copy."""
        self.snapshot, self.why = snapshot, why
        super().__init__(
            f"the copy of snapshot {snapshot} is not given clients: {why}; it was removed and nothing else was touched: "
            "restore another snapshot"
        )


class ImageMissing(Unfit):
    """An image is neither on the node nor to be had."""

    def __init__(self, container: str, said: str) -> None:
        """Keep the container that wants it, and what the kubelet says."""
        self.container, self.said = container, said
        super().__init__(
            f"container {container} has no image ({said}): load it into the nodes, or name one that they have"
        )


class Replacement(FurtherNode):
    """A release with the values of a restored node."""

    def begin(self, snapshot: Snapshot, size: str, **values: Any) -> None:
        """Deploy it on a copy of a snapshot, with more values of the chart; does not wait for it.

        The copied state's root is recomputed before it starts; where the node was running, its head is put back to a block whose
        state is there first.

        Args:
            snapshot: what its volume begins as.
            size: of its volume, as a Kubernetes quantity.
            values: more values of the chart.
        """
        running = snapshot.labels.get(MODE) != Mode.GRACEFUL
        checked = {"repair": running, "verifyState": True}
        self.join(persistence={"fromSnapshot": snapshot.name, "size": size, **checked}, **values)

    def keep(self, snapshot: Snapshot, size: str, **values: Any) -> None:
        """Have its release say that its volume is no mere copy any more, and more values of the chart; its pod goes on as it is."""
        self.join(persistence={"fromSnapshot": snapshot.name, "size": size}, **values)

    def bound(self) -> wait.Condition[str]:
        """Return the condition that its volume is there, or was refused; the value is why, empty where it was not."""
        kube, namespace = self.execution.kube, self.release.namespace

        def judge(claims: dict[str, Object]) -> wait.Observation[str]:
            claim = claims.get(self.claim, {})
            phase = claim.get("status", {}).get("phase", "not there yet")
            refused = "" if phase == "Bound" else _refusal(kube.objects("Event", namespace), claim)
            return wait.Observation(phase == "Bound" or bool(refused), refused, f"{self.claim} is {phase}")

        return kube.watch("PersistentVolumeClaim", namespace, judge, name=self.claim)

    def started(self) -> wait.Condition[str]:
        """Return the condition that its process runs, or will not; the value is the container that failed, empty where none did."""

        def judge(pods: dict[str, Object]) -> wait.Observation[str]:
            pod = pods.get(self.name, {})
            failed, running = _failed(pod), _running(pod)
            return wait.Observation(running or bool(failed), failed, f"{self.name}: {k8s.pod_state(pod)}")

        return self.execution.kube.watch("Pod", self.release.namespace, judge, name=self.name)

    def full(self) -> bool:
        """Whether its volume has no room left: its client does not end for that, it waits."""
        try:
            room = usage.of_pod(self.execution.kube, self.release.namespace, self.name).room_bytes
        except LookupError:
            return False
        return room is not None and room < _LITTLE_BYTES

    def failure(self, snapshot: str, container: str) -> PlumblineError:
        """Return what it means that a container failed, by the last that it said."""
        pod = self.execution.kube.get("Pod", self.name, self.release.namespace)
        if why := _without_image(pod, container):
            return ImageMissing(container, why)
        try:
            said = self.execution.kube.logs(self.release.namespace, self.name, container=container)
        except (PlumblineError, OSError) as error:
            said = str(error)
        return meaning(snapshot, container, said)


def meaning(snapshot: str, container: str, said: str) -> PlumblineError:
    """Return what it means that a container could not do its work on a copy.

    Args:
        snapshot: the snapshot's name.
        container: the one of the pod's containers that failed.
        said: its log.
    """
    lines = said.strip().splitlines()
    last = " ".join(([line for line in lines if _COMPLAINT.match(line)] or lines)[-1:])[:_SAID] or "it said nothing"
    if any(words in said for words in _NO_ROOM):
        return no_room_within(snapshot, last)
    what = "its state is damaged" if "Failed to verify state" in said else f"Geth ({container}) cannot read it"
    return CopyRefused(snapshot, f"{what} ({last})")


def no_room_within(snapshot: str, said: str) -> NoRoom:
    """Return that a copy's own volume is full."""
    return NoRoom(snapshot, "its volume", said, "restore it with a larger --size")


def refused(snapshot: str, said: str) -> PlumblineError:
    """Return what it means that a copy's volume was refused, by what the driver said."""
    if "ResourceExhausted" in said:
        return NoRoom(snapshot, "the storage", said, "delete snapshots or volumes, or make the pool larger")
    return CopyRefused(snapshot, f"its volume was refused ({said})")


def _refusal(events: list[Object], claim: Object) -> str:
    """Return why a claim's volume was refused for good, empty where it was not (yet); what passes is tried again by itself."""
    uid = claim.get("metadata", {}).get("uid")
    said = [event["message"] for event in events if event["involvedObject"].get("uid") == uid]
    final = [message for message in said if any(code in message for code in _FINAL)]
    return str(final[-1]) if uid and final else ""


def _failed(pod: Object) -> str:
    """Return the container of a pod that has ended badly, empty where none has."""
    status = pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        ended = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated") or {}
        if ended.get("exitCode") or _without_image(pod, container["name"]):
            return str(container["name"])
    return ""


def _without_image(pod: Object, container: str) -> str:
    """Return why a container's image cannot be had, empty where it can."""
    status = pod.get("status", {})
    for found in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = found.get("state", {}).get("waiting") or {}
        if found["name"] == container and waiting.get("reason") in _NO_IMAGE:
            return str(waiting.get("message", waiting["reason"]))
    return ""


def _running(pod: Object) -> bool:
    """Whether the node's process runs and has begun to answer (its startup probe says so)."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return any(c["name"] == CONTAINER and c.get("started") for c in statuses)
