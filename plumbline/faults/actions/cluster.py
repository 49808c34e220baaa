"""Faults of the cluster itself: services that stand still, names that are lost or leak, and pods that have no business there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.components.node.control_plane import OK
from plumbline.core import wait
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import added, changed, removed, workload_changed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault
from plumbline.kube.pods import TOOLBOX, confined
from plumbline.kube.probes import NAMESPACE

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_WELL_WITHIN_S = 60.0
_UNBOUNDED = "plumbline-unbounded"
_ROGUE = "rogue.invalid/toolbox:latest"


# -- CLU-001 --------------------------------------------------------------------------------------------------------------


@fault("kubelet-stopped", breaks="CLU-001", injured="kubelet", green=("ING-001",))
def kubelet_stopped(stack: Stack) -> Iterator[None]:
    """The kubelet is stopped: what runs goes on, and nobody looks after it."""
    with undone_by(stack, "start-service", service="kubelet"):
        stack.cluster.node_exec("systemctl", "stop", "kubelet")
        yield


@cure("start-service")
def _start_service(stack: Stack, *, service: str) -> None:
    stack.cluster.node_exec("systemctl", "start", service)
    _well(stack, service)


@fault("scheduler-frozen", breaks="CLU-001", injured="kube-scheduler", green=("ING-001",))
def scheduler_frozen(stack: Stack) -> Iterator[None]:
    """The scheduler's process stands still: its pod is Running, and no pod would find a node."""
    with undone_by(stack, "thaw-process", process="kube-scheduler"):
        stack.cluster.node_exec("pkill", "-STOP", "-x", "kube-scheduler")
        yield


@cure("thaw-process")
def _thaw_process(stack: Stack, *, process: str) -> None:
    """Let it go on; it has lost its lease by then, ends itself, and is started again."""
    stack.cluster.node_exec("pkill", "-CONT", "-x", process, check=False)
    _well(stack, process)


def _well(stack: Stack, part: str) -> None:
    condition = wait.holds(lambda: set(stack.cluster.health(part).values()) == {OK}, every_s=0.5)
    wait.until(condition, named=f"{part} well", within_s=_WELL_WITHIN_S)


# -- CLU-002 --------------------------------------------------------------------------------------------------------------


@fault("names-lost", breaks="CLU-002", injured="coredns", green=("CLU-001", "ING-001"))
def names_lost(stack: Stack) -> Iterator[None]:
    """CoreDNS is scaled to zero: no Service can be found by its name."""
    with workload_changed(stack, "Deployment", "coredns", "kube-system", {"spec": {"replicas": 0}}):
        yield


@fault("names-leak", breaks="CLU-002", injured="coredns", green=("CLU-001", "ING-001"))
def names_leak(stack: Stack) -> Iterator[None]:
    """CoreDNS may ask name servers outside: every pod can tell the world what it likes, a name at a time."""
    with changed(stack, "NetworkPolicy", "coredns", "kube-system", {"spec": {"egress": [{}]}}):
        yield


# -- CLU-003 --------------------------------------------------------------------------------------------------------------


@fault("default-class-lost", breaks="CLU-003", injured="loop", green=("CLU-001", "EXE-001"))
def default_class_lost(stack: Stack) -> Iterator[None]:
    """No StorageClass is the default: a claim that names none waits for ever."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "false"}
    with changed(stack, "StorageClass", stack.storage.storage_class, "", {"metadata": {"annotations": annotations}}):
        yield


@fault("size-unenforced", breaks="CLU-003", injured=_UNBOUNDED, green=("CLU-001", "EXE-001"))
def size_unenforced(stack: Stack) -> Iterator[None]:
    """A volume of the same class is there already, a folder of the node: its size is a word."""
    folder = f"/var/lib/{_UNBOUNDED}"  # on the node's disk: its /tmp is memory, and would be the pod's
    spec = {
        "capacity": {"storage": "64Mi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": stack.storage.storage_class,
        "hostPath": {"path": folder, "type": "Directory"},
    }
    meta = {"name": _UNBOUNDED, "namespace": ""}
    with undone_by(stack, "delete-folder", folder=folder):
        stack.cluster.node_exec("mkdir", "--mode=777", folder)
        with added(stack, {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}):
            yield


@cure("delete-folder")
def _delete_folder(stack: Stack, *, folder: str) -> None:
    stack.cluster.node_exec("rm", "-rf", folder)


@fault("snapshot-class-lost", breaks="CLU-003", injured="loop of loop.csi.plumbline.dev", green=("CLU-001", "EXE-001"))
def snapshot_class_lost(stack: Stack) -> Iterator[None]:
    """The VolumeSnapshotClass is deleted: volumes are made as ever, and no snapshot of them can be."""
    with removed(stack, "VolumeSnapshotClass", stack.storage.snapshot_class, ""):
        yield


# -- CLU-004 --------------------------------------------------------------------------------------------------------------


@fault("stranger-runs", breaks="CLU-004", injured=f"{NAMESPACE}/stranger", green=("CLU-001",))
def stranger_runs(stack: Stack) -> Iterator[None]:
    """A pod runs an image under a name that the lock does not know."""
    with _tagged(stack, TOOLBOX, _ROGUE), added(stack, confined("stranger", NAMESPACE, _ROGUE)):
        _running(stack, "stranger")
        yield


@fault("started-past-kubernetes", breaks="CLU-004", injured="container plumbline-past-kubernetes", green=("CLU-001",))
def started_past_kubernetes(stack: Stack) -> Iterator[None]:
    """Somebody with access to the node starts a container of which Kubernetes knows nothing."""
    name = "plumbline-past-kubernetes"
    with _tagged(stack, TOOLBOX, _ROGUE), undone_by(stack, "end-container", name=name):
        stack.cluster.ctr("run", "--detach", _ROGUE, name, "sleep", "infinity")
        yield


@cure("end-container")
def _end_container(stack: Stack, *, name: str) -> None:
    for words in (
        ("tasks", "kill", "-s", "SIGKILL", name),
        ("tasks", "rm", "--force", name),
        ("containers", "rm", name),
    ):
        stack.cluster.ctr(*words, check=False)


@contextmanager
def _tagged(stack: Stack, image: str, name: str) -> Iterator[None]:
    with undone_by(stack, "untag", name=name):
        stack.cluster.each_node(lambda node: stack.cluster.ctr("images", "tag", "--force", image, name, node=node))
        yield


@cure("untag")
def _untag(stack: Stack, *, name: str) -> None:
    stack.cluster.each_node(lambda node: stack.cluster.ctr("images", "rm", name, node=node, check=False))


# -- CLU-005 --------------------------------------------------------------------------------------------------------------


@fault("listener-killed", breaks="CLU-005", injured="probe-echo", green=("CLU-001",))
def listener_killed(stack: Stack) -> Iterator[None]:
    """The listener of the probes is killed every other second, and restarted each time."""
    pod = stack.network_policy.probe("echo").pod
    with again_and_again(lambda: stack.cluster.kill(NAMESPACE, pod, "echo"), every_s=2.0):
        yield


@fault("pod-crash-loops", breaks="CLU-005", injured="hopeless", green=("CLU-001",))
def pod_crash_loops(stack: Stack) -> Iterator[None]:
    """A pod ends as soon as it is started, again and again."""
    with added(stack, confined("hopeless", NAMESPACE, command=("bash", "-c", "echo no genesis; exit 3"))):
        yield


@fault("memory-eater", breaks="CLU-005", injured="glutton", green=("CLU-001",), within_s=45)
def memory_eater(stack: Stack) -> Iterator[None]:
    """A pod takes more memory than it may, and is killed for it."""
    eat = ("python3", "-c", "held = bytearray(256 << 20); import time; time.sleep(5)")
    with added(stack, confined("glutton", NAMESPACE, command=eat)):
        yield


def _running(stack: Stack, name: str) -> None:
    def judge(pods: dict[str, Object]) -> wait.Observation[None]:
        phase = pods.get(name, {}).get("status", {}).get("phase", "absent")
        return wait.Observation(phase == "Running", None, f"pod {name} is {phase}")

    wait.until(stack.site.kube.watch("Pod", NAMESPACE, judge, name=name), named=f"pod {name} runs", within_s=30)
