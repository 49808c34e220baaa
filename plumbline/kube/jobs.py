"""Jobs of a schedule: made before it is due, as the CronJob's controller makes them when it is, and asked how they ended."""

from __future__ import annotations

from plumbline.kube.api import Kube, Object, condition_of

_OF_JOB = "batch.kubernetes.io/job-name"


def start(kube: Kube, schedule: str, namespace: str, number: int) -> str:
    """Make a Job of a CronJob now, and return its name.

    Args:
        kube: the API server.
        schedule: the CronJob's name.
        namespace: where it is.
        number: what is added to that name; the controller takes the minutes since the epoch.
    """
    found = kube.get("CronJob", schedule, namespace)
    template, name = found["spec"]["jobTemplate"], f"{schedule}-{number}"
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": schedule, "uid": found["metadata"]["uid"]}
    meta = {
        "name": name,
        "namespace": namespace,
        "labels": template["metadata"]["labels"],
        "ownerReferences": [{**owner, "controller": True}],
    }
    kube.apply([{"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"]}])
    return name


def outcome(job: Object) -> bool | None:
    """Return whether a Job ended well, or None while it has not ended."""
    said = {kind: condition_of(job, kind)["status"] == "True" for kind in ("Complete", "Failed")}
    return said["Complete"] if any(said.values()) else None


def pods_of(kube: Kube, name: str, namespace: str) -> list[Object]:
    """Return the pods that a Job has made and that are still there, oldest first."""
    pods = kube.objects("Pod", namespace, selector=f"{_OF_JOB}={name}")
    return sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
