"""Argo CD in a cluster: how upstream's manifests are told what we rely on, and what its objects say."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from plumbline.components.base import Site
from plumbline.components.delivery import core_install
from plumbline.components.delivery.argo import Argo
from plumbline.core import wait
from plumbline.core.errors import Unfit
from plumbline.core.paths import Paths
from plumbline.kube import definitions
from plumbline.kube.api import Kube, Object


class Cluster(Kube):
    """An API server with some objects, by kind; its watches see them as they are."""

    def __init__(self, **objects: list[Object]) -> None:
        self.held = objects

    def objects(self, kind: str, namespace: str | None = "", *, selector: str = "") -> list[Object]:
        return self.held.get(kind, [])

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        return next((each for each in self.objects(kind) if each["metadata"]["name"] == name), None)

    def watch(self, kind: str, namespace: str | None, judge: Callable[..., Any], **_: Any) -> Any:
        return wait.poll(lambda: judge({each["metadata"]["name"]: each for each in self.objects(kind)}))


def application(name: str, *, revision: str = "abc", automated: Object | None = None, **status: Any) -> Object:
    return {
        "metadata": {"name": name, "labels": {"plumbline.dev/environment": "dev"}},
        "spec": {"source": {"targetRevision": revision}, "syncPolicy": {"automated": automated or {"selfHeal": True}}},
        "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}} | status,
    }


def on(cluster: Cluster) -> Argo:
    site = Site(SimpleNamespace(cluster_name="x"), SimpleNamespace())  # type: ignore[arg-type]
    site.__dict__["kube"] = cluster
    return Argo(site)


def seen[T](condition: wait.Condition[T]) -> wait.Observation[T]:
    return next(iter(condition.observe(wait.Deadline(1))))


MADE: Any = SimpleNamespace(
    generated=[application("dev-platform", revision="main")],
    deployments=[SimpleNamespace(application=application("dev-workload", revision="main"))],
)
FORK: Any = SimpleNamespace(commit=lambda revision: {"main": "abc"}[revision])
AS_MADE = (
    application("gitops", sync={"status": "Synced", "revision": "abc"}),
    application("dev-platform", revision="main", automated={"selfHeal": True, "enabled": False}),
    application("dev-workload"),
)


def test_the_controllers_are_told_what_the_charts_rely_on() -> None:
    found = {(each["kind"], each["metadata"]["name"]): each for each in core_install.manifests(Paths.of())}

    steps = found["ConfigMap", "argocd-cmd-params-cm"]["data"]
    assert steps == {"applicationsetcontroller.enable.progressive.syncs": "true"}
    (health,) = (text for key, text in found["ConfigMap", "argocd-cm"]["data"].items() if "health" in key)
    assert health == (Paths.of().charts / "gitops/files/health.lua").read_text()


def test_images_are_those_that_are_loaded_and_none_is_pulled() -> None:
    from plumbline.images import lock

    containers = [c for each in core_install.manifests(Paths.of()) for c in core_install.containers(each)]

    refs = {lock.load().entries[name].ref for name in core_install.IMAGES}
    assert {container["image"] for container in containers} == refs
    assert {container["imagePullPolicy"] for container in containers} == {"Never"}
    forge = yaml.safe_load_all((Paths.of().local / core_install.GIT_SERVER).read_text())
    (git,) = (each for each in forge if each["kind"] == "Deployment")
    assert {container["image"] for container in core_install.containers(git)} <= refs


def test_what_is_made_as_promised_contradicts_nothing() -> None:
    assert seen(on(Cluster(Application=[*AS_MADE])).as_promised(FORK, MADE)).ok


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (AS_MADE[:2], "Application dev-workload is not there"),
        ((*AS_MADE, application("dev-other")), "Application dev-other is made of nothing"),
        (
            (*AS_MADE[:2], application("dev-workload", automated={"selfHeal": False})),
            "Application dev-workload: spec.syncPolicy.automated.selfHeal is False, and not True",
        ),
        (
            (*AS_MADE[:2], application("dev-workload", revision="main")),
            "Application dev-workload: spec.source.targetRevision is main, and not abc",
        ),
        (
            (AS_MADE[0], application("dev-platform", revision="main"), AS_MADE[2]),
            "Application dev-platform: spec.syncPolicy.automated.enabled is None, and not False",
        ),
    ],
)
def test_what_is_not_as_promised_is_named(found: tuple[Object, ...], said: str) -> None:
    observation = seen(on(Cluster(Application=[*found])).as_promised(FORK, MADE))

    assert (observation.ok, observation.summary) == (False, said)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (AS_MADE, ""),
        (AS_MADE[:2], "dev-workload is not there"),
        (
            (*AS_MADE[:2], application("dev-workload", sync={"status": "OutOfSync"})),
            "dev-workload is OutOfSync, Healthy",
        ),
        (
            (*AS_MADE[:2], application("dev-workload", conditions=[{"message": "no such revision"}], health={})),
            "dev-workload is Synced, unknown, no such revision",
        ),
        (
            (*AS_MADE[:2], application("dev-workload", operationState={"phase": "Running", "message": "waiting"})),
            "dev-workload is being synced (waiting)",
        ),
    ],
)
def test_all_is_settled_when_each_is_synced_and_healthy(found: tuple[Object, ...], said: str) -> None:
    observation = seen(on(Cluster(Application=[*found])).settled(FORK, MADE))

    assert (observation.ok, observation.summary) == (not said, said)


def test_an_application_that_was_not_looked_at_yet_is_not_settled() -> None:
    asked = application("dev-workload")
    asked["metadata"]["annotations"] = {"argocd.argoproj.io/refresh": "normal"}

    observation = seen(on(Cluster(Application=[*AS_MADE[:2], asked])).settled(FORK, MADE))

    assert observation.summary == "dev-workload is not looked at yet"


def test_what_was_pushed_is_not_settled_before_it_is_known() -> None:
    before = application("gitops", sync={"status": "Synced", "revision": "aaa"})

    observation = seen(on(Cluster(Application=[before, *AS_MADE[1:]])).settled(FORK, MADE))

    assert observation.summary == "gitops is Synced at aaa, and abc was pushed"


@pytest.mark.parametrize(("state", "kept"), [("Waiting", True), ("Healthy", False)])
def test_who_is_kept_back_waits(state: str, kept: bool) -> None:
    status = {"applicationStatus": [{"application": "stage-workloads", "status": state}]}
    cluster = Cluster(
        ApplicationSet=[{"metadata": {"name": "workloads"}, "status": status}, {"metadata": {"name": "x"}}]
    )

    observation = seen(on(cluster).waits("stage-workloads"))

    assert (observation.ok, observation.summary) == (kept, f"stage-workloads is {state}")


@pytest.mark.parametrize(("runs", "ready", "there"), [("v0.2.0", 1, True), ("v0.2.0", 0, False), ("v0.1.0", 1, False)])
def test_a_version_is_deployed_when_it_is_ready(runs: str, ready: int, there: bool) -> None:
    found = {
        "metadata": {"name": "workload", "generation": 2},
        "spec": {"replicas": 1, "template": {"metadata": {"annotations": {"plumbline.dev/version": runs}}}},
        "status": {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": ready},
    }

    observation = seen(on(Cluster(StatefulSet=[found])).deployed("stage", "v0.2.0"))

    assert observation.ok is there
    assert observation.summary == f"stage-workload is at {runs}, {ready} of 1 pods are ready"


def test_where_argo_cd_is_not_it_is_said_who_brings_it() -> None:
    with pytest.raises(Unfit, match="make gitops brings it"):
        on(Cluster()).require()


def test_all_objects_of_a_manifest_are_read(tmp_path: Any) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(
        "kind: ConfigMap\ndata: {description: kept}\n---\n---\nkind: CustomResourceDefinition\ndescription: prose\n"
    )

    assert definitions.documents(file) == [
        {"kind": "ConfigMap", "data": {"description": "kept"}},
        {"kind": "CustomResourceDefinition"},
    ]
