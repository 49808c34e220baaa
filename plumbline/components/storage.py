"""Storage of local clusters: our CSI driver, volumes of real size, snapshots of them, and the default classes of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.cluster import Cluster
from plumbline.components.volumes import filled, snapshots
from plumbline.components.volumes.filled import Claimed
from plumbline.components.volumes.snapshots import Snapshots
from plumbline.components.volumes.stock import Stock
from plumbline.core import wait
from plumbline.core.shell import CommandFailed
from plumbline.kube import definitions, metrics

_NAMESPACE, _HTTP_PORT = "storage", "9808"
_DRIVERS = "app.kubernetes.io/component=storage"
_SNAPSHOT_MODULE = "github.com/kubernetes-csi/external-snapshotter/client/v8"
_SOON_S = 30.0
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Storage(HelmComponent):
    """The CSI driver ``loop.csi.plumbline.dev``: a loop-mounted file system for each volume, in an XFS pool with reflink."""

    name: ClassVar[str] = "storage"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    brought_images: ClassVar[tuple[str, ...]] = (
        "csi-base",
        "csi-provisioner",
        "csi-snapshotter",
        "snapshot-controller",
    )
    releases: ClassVar[tuple[Release, ...]] = (
        Release("storage", "storage", _NAMESPACE, "privileged", asks_api_server=True),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (
        Workload("DaemonSet", "csi-loop", _NAMESPACE),
        Workload("Deployment", "snapshot-controller", _NAMESPACE),
    )
    own_images: ClassVar[tuple[str, ...]] = ("plumbline.local/csi:0.1.0",)
    asked: ClassVar[tuple[str, ...]] = (_HTTP_PORT,)
    driver: ClassVar[str] = "loop.csi.plumbline.dev"
    storage_class: ClassVar[str] = "loop"
    snapshot_class: ClassVar[str] = "loop"

    def prepare(self) -> None:
        """Apply the CRDs of the pinned module, and wait until there can be a VolumeSnapshotClass."""
        for plural in snapshots.DEFINITIONS:
            manifest = f"config/crd/{snapshots.GROUP}_{plural}.yaml"
            self.kube.apply(definitions.of_module(self.site.paths, _SNAPSHOT_MODULE, manifest))
        name = f"{snapshots.DEFINITIONS[0]}.{snapshots.GROUP}"
        wait.until(definitions.established(self.kube, name), named=f"{name} established", within_s=_SOON_S)

    def default_classes(self) -> dict[str, str]:
        """Return the StorageClasses of claims that name none, with the driver of each."""
        found = self.kube.objects("StorageClass")
        return {
            str(one["metadata"]["name"]): str(one["provisioner"])
            for one in found
            if one["metadata"].get("annotations", {}).get(_DEFAULT) == "true"
        }

    def snapshot_classes(self) -> dict[str, str]:
        """Return the VolumeSnapshotClasses, with the driver of each."""
        return {str(one["metadata"]["name"]): str(one["driver"]) for one in self.kube.objects("VolumeSnapshotClass")}

    def snapshots(self, namespace: str) -> Snapshots:
        """Return the VolumeSnapshots of a namespace."""
        return Snapshots(self.kube, namespace)

    def held_s(self) -> float:
        """Return how long writers have been held for copies since the drivers started, in seconds, all together."""
        return self._told("plumbline_csi_freeze_seconds_total")

    def copies(self) -> int:
        """Return how many snapshots lie in the drivers' pools, whether or not the API server knows of them."""
        return round(self._told("plumbline_csi_snapshots"))

    def kill(self, container: str) -> None:
        """Send SIGKILL to a container of ours, and replace its pod: one that dies again and again is started later and later."""
        pods = self.kube.objects("Pod", _NAMESPACE, selector="app.kubernetes.io/part-of=plumbline")
        named = [pod for pod in pods if container in {each["name"] for each in pod["spec"]["containers"]}]
        pod = str(next(pod for pod in named if "deletionTimestamp" not in pod["metadata"])["metadata"]["name"])
        with suppress(CommandFailed):  # it is not even running
            Cluster(self.site).kill(_NAMESPACE, pod, container)
        self.kube.delete("Pod", pod, _NAMESPACE, grace_s=0)

    def stock(self) -> Stock:
        """Return what there is of volumes and snapshots, by the API server's objects and in the drivers' pools."""
        volumes = [
            one for one in self.kube.objects("PersistentVolume") if _driver(one["spec"].get("csi")) == self.driver
        ]
        contents = [one for one in self.kube.objects("VolumeSnapshotContent") if _driver(one["spec"]) == self.driver]
        return Stock(len(volumes), len(contents), round(self._told("plumbline_csi_volumes")), self.copies())

    def has(self, wanted: Stock) -> wait.Condition[Stock]:
        """Return the condition that there is so much, and that both know the same."""

        def look() -> wait.Observation[Stock]:
            stock = self.stock()
            return wait.Observation(stock == wanted and stock.agree, stock, str(stock))

        return wait.poll(look, every_s=0.5)

    def claimed(self, mib: int) -> AbstractContextManager[Claimed]:
        """Have a claim of some MiB, of the default class, and a pod that uses it, while the block runs."""
        return filled.claimed(self.kube, mib)

    def _told(self, metric: str) -> float:
        """Return a metric of the drivers, all together."""
        drivers = self.kube.objects("Pod", _NAMESPACE, selector=_DRIVERS)
        told = [metrics.of_pod(self.kube, _NAMESPACE, str(pod["metadata"]["name"]), _HTTP_PORT) for pod in drivers]
        return sum(each[metric] for each in told)


def _driver(said: Mapping[str, Any] | None) -> str:
    return str((said or {}).get("driver", ""))
