"""Argo CD in the cluster: told of commits, and asked what it makes of them, whom it keeps back and what it has healed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.components.base import Site
from plumbline.components.delivery.environments import first_difference
from plumbline.components.delivery.fork import BRANCH, WORKLOAD, Fork
from plumbline.components.delivery.gitops import ROOT, GitOps
from plumbline.components.delivery.renderings import CLOUD
from plumbline.core import wait
from plumbline.core.errors import Unfit
from plumbline.kube.api import Kube, Object, rollout

NAMESPACE = "argocd"
APPLICATIONSETS = "argocd-applicationset-controller"  # Deployment of the controller of ApplicationSets
_REFRESH = "argocd.argoproj.io/refresh"
_VERSION = "plumbline.dev/version"


@dataclass(frozen=True)
class Argo:
    """Argo CD in a cluster.

    Attributes:
        site: the cluster.
    """

    site: Site

    @property
    def kube(self) -> Kube:
        """The API server."""
        return self.site.kube

    @property
    def there(self) -> bool:
        """Whether it is there, ready or not."""
        return self.kube.find("Namespace", NAMESPACE) is not None

    def require(self) -> None:
        """Demand that it is there.

        Raises:
            Unfit: it is not.
        """
        if not self.there:
            raise Unfit("Argo CD is in no stack by itself: make gitops brings it, and proves it")

    def told(self) -> None:
        """Have it look at the repository now, as the webhook of a Git host does."""
        for each in self.kube.objects("Application", NAMESPACE):
            asked = {"metadata": {"annotations": {_REFRESH: "normal"}}}
            self.kube.patch("Application", each["metadata"]["name"], NAMESPACE, asked)

    def settled(self, fork: Fork, gitops: GitOps) -> wait.Condition[None]:
        """Return a condition: what was pushed is known, and every Application of it is there, synced, healthy and left alone.

        Only the release's own Application is not asked for its health: it looks at that of its ApplicationSets every few minutes.
        """
        wanted = {ROOT, *(each["metadata"]["name"] for each in applications(gitops))}
        pushed = fork.commit(BRANCH)

        def judge(found: dict[str, Object]) -> wait.Observation[None]:
            said = [f"{name} is not there" for name in sorted(wanted - found.keys())]
            said += [f"{name} is {state}" for name, each in found.items() if name != ROOT and (state := _open(each))]
            known = found.get(ROOT, {}).get("status", {}).get("sync", {})
            if (known.get("status"), known.get("revision")) != ("Synced", pushed):
                said.append(f"{ROOT} is {known.get('status')} at {known.get('revision')}, and {pushed} was pushed")
            return wait.Observation(not said, None, "; ".join(said))

        return self.kube.watch("Application", NAMESPACE, judge)

    def as_promised(self, fork: Fork, gitops: GitOps) -> wait.Condition[None]:
        """Return a condition: the Applications in the cluster are those that are made of a fork without one."""
        promised = {each["metadata"]["name"]: _as_made(each, fork, gitops) for each in applications(gitops)}

        def judge(found: dict[str, Object]) -> wait.Observation[None]:
            said = [f"Application {name} is not there" for name in promised if name not in found]
            said += [f"Application {name} is made of nothing" for name in found if name not in (ROOT, *promised)]
            both = {name: (_told(each), _told(found[name])) for name, each in promised.items() if name in found}
            said += [
                f"Application {name}: {first_difference(*pair)}" for name, pair in both.items() if pair[0] != pair[1]
            ]
            return wait.Observation(not said, None, "\n".join(said))

        return self.kube.watch("Application", NAMESPACE, judge)

    def deployed(self, environment: str, version: str) -> wait.Condition[Object]:
        """Return a condition: an environment runs a version of the workload."""

        def judge(found: dict[str, Object]) -> wait.Observation[Object]:
            each = found.get(WORKLOAD)
            if each is None:
                return wait.Observation(False, {}, f"{environment}-{WORKLOAD} is not deployed")
            ready, wanted, current = rollout(each)
            there = each["spec"]["template"]["metadata"]["annotations"][_VERSION]
            ok = there == version and current and ready >= wanted
            return wait.Observation(
                ok, each, f"{environment}-{WORKLOAD} is at {there}, {ready} of {wanted} pods are ready"
            )

        return self.kube.watch("StatefulSet", space(environment), judge, name=WORKLOAD)

    def version(self, environment: str) -> str:
        """Return the version of the workload that an environment was told to run."""
        found = self.kube.get("StatefulSet", WORKLOAD, space(environment))
        return str(found["spec"]["template"]["metadata"]["annotations"][_VERSION])

    def contents(self) -> dict[str, str]:
        """Return what each environment was told to run, whatever has become of it, as text."""
        return {environment: json.dumps(list(self._objects(environment))) for environment in CLOUD}

    def _objects(self, environment: str) -> Iterator[Object]:
        for kind in ("ConfigMap", "Service", "NetworkPolicy", "StatefulSet"):
            for each in self.kube.objects(kind, space(environment)):
                kept = {key: value for key, value in each.items() if key in ("spec", "data")}
                yield {"kind": kind, "uid": each["metadata"]["uid"], **kept}

    def change_by_hand(self, environment: str) -> None:
        """Change one object of an environment's workload, and delete another, as somebody with kubectl would."""
        self.kube.patch("ConfigMap", WORKLOAD, space(environment), {"data": {"version": "by hand"}})
        self.kube.delete("Service", WORKLOAD, space(environment))

    def as_in_git(self, environment: str) -> wait.Condition[Any]:
        """Return a condition: both are as Git has them again."""
        version = self.version(environment)

        def put_back(found: dict[str, Object]) -> wait.Observation[None]:
            said = found[WORKLOAD]["data"]["version"]
            return wait.Observation(said == version, None, f"ConfigMap {WORKLOAD} says {said}, not {version}")

        def made_again(found: dict[str, Object]) -> wait.Observation[None]:
            return wait.Observation(WORKLOAD in found, None, f"Service {WORKLOAD} is gone")

        changed = self.kube.watch("ConfigMap", space(environment), put_back, name=WORKLOAD)
        return wait.every(changed, self.kube.watch("Service", space(environment), made_again, name=WORKLOAD))

    def waits(self, application: str) -> wait.Condition[str]:
        """Return a condition: an ApplicationSet keeps back one of its Applications until those before it are healthy."""

        def judge(found: dict[str, Object]) -> wait.Observation[str]:
            said = {
                each["application"]: each["status"]
                for one in found.values()
                for each in one.get("status", {}).get("applicationStatus", [])
            }
            state = said.get(application, "taken in no step")
            return wait.Observation(state == "Waiting", state, f"{application} is {state}")

        return self.kube.watch("ApplicationSet", NAMESPACE, judge)

    def healthy_since(self, application: str) -> datetime:
        """Return since when an Application has been healthy, to the second."""
        return datetime.fromisoformat(self._status(application)["health"]["lastTransitionTime"])

    def synced_from(self, application: str) -> datetime:
        """Return when the last sync of an Application began, to the second."""
        return datetime.fromisoformat(self._status(application)["operationState"]["startedAt"])

    def _status(self, application: str) -> Object:
        return self.kube.get("Application", application, NAMESPACE)["status"]  # type: ignore[no-any-return]

    def events(self, application: str) -> dict[str, str]:
        """Return what Argo CD has told of an Application, by the event's name."""
        return {
            each["metadata"]["name"]: each["message"]
            for each in self.kube.objects("Event", NAMESPACE)
            if each["involvedObject"]["name"] == application
        }


def applications(gitops: GitOps) -> list[Object]:
    """Return all Applications that come of a release, but for the release's own."""
    return [*gitops.generated, *(each.application for each in gitops.deployments)]


def space(environment: str) -> str:
    """Return the namespace of an environment's workload."""
    return f"ethereum-{environment}"


def _as_made(application: Object, fork: Fork, gitops: GitOps) -> Object:
    """Return an Application as the controllers make it: by steps and so not by itself, or at the commit that a revision is."""
    spec = application["spec"]
    if application in gitops.generated:
        automated = {**spec["syncPolicy"]["automated"], "enabled": False}
        changed = {"syncPolicy": {**spec["syncPolicy"], "automated": automated}}
    else:
        changed = {"source": {**spec["source"], "targetRevision": fork.commit(spec["source"]["targetRevision"])}}
    return {**application, "spec": {**spec, **changed}}


def _told(application: Object) -> Object:
    """Return what an Application is told to be."""
    return {"spec": application["spec"], "labels": application["metadata"]["labels"]}


def _open(application: Object) -> str:
    """Return, in words, what is still to be done about an Application; empty where nothing is."""
    status = application.get("status", {})
    if _REFRESH in application["metadata"].get("annotations", {}):
        return "not looked at yet"
    if "operation" in application or status.get("operationState", {}).get("phase") == "Running":
        return f"being synced ({status.get('operationState', {}).get('message', '')})"
    said = (status.get("sync", {}).get("status", "unknown"), status.get("health", {}).get("status", "unknown"))
    if said == ("Synced", "Healthy"):
        return ""
    why = [each["message"] for each in status.get("conditions", [])]
    return ", ".join((*said, *why))
