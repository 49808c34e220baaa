"""Argo CD as upstream installs its core, beside a Git server with a fork of this repository that it deploys.

Both are there for the proof of promotion and drift only: no stack needs them, and their images are built for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from plumbline.components.base import Site, Workload
from plumbline.components.delivery.argo import APPLICATIONSETS, NAMESPACE, Argo, space
from plumbline.components.delivery.fork import FORGE, Fork
from plumbline.components.delivery.gitops import ROOT
from plumbline.components.delivery.renderings import CLOUD
from plumbline.core import wait
from plumbline.core.paths import Paths
from plumbline.kube import definitions
from plumbline.kube.api import Kube, Object

IMAGES = ("argocd", "redis")  # recipes
GIT_SERVER = "gitops/forge.yaml"  # below local/
_MODULE, _MANIFEST = "github.com/argoproj/argo-cd/v3", "manifests/core-install.yaml"
_PRODUCTION = "manifests/ha/install.yaml"
_HEALTH = "resource.customizations.health.argoproj.io_Application"
_STEPS = "applicationsetcontroller.enable.progressive.syncs"
_REDIS = "/redis:"  # in the name of upstream's image
_OF_THE_CLUSTER = ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding")
_WORKLOADS = (
    Workload("Deployment", "git", FORGE),
    Workload("Deployment", "argocd-redis", NAMESPACE),
    Workload("Deployment", "argocd-repo-server", NAMESPACE),
    Workload("Deployment", APPLICATIONSETS, NAMESPACE),
    Workload("StatefulSet", "argocd-application-controller", NAMESPACE),
)
_APPLIED_WITHIN_S = 120.0
_UP_WITHIN_S = 180.0
_DEPLOYED_WITHIN_S = 300.0
_GONE_WITHIN_S = 120.0


@contextmanager
def installed(site: Site, folder: Path) -> Iterator[Argo]:
    """Have Argo CD there while the block runs, with all of a fork deployed, which is made in a folder."""
    from plumbline import images  # noqa: PLC0415  (the builder is needed by who installs it only)

    argo, kube = Argo(site), site.kube
    text = _text([*manifests(site.paths), *yaml.safe_load_all((site.paths.local / GIT_SERVER).read_text())])
    images.sideload(site.paths, list(site.nodes), IMAGES)
    if argo.there:  # an interrupted run left it
        _remove(kube, text)
    try:
        kube.ensure_namespace(NAMESPACE, "restricted")
        _apply(kube, text)
        rolled_out = [kube.rolled_out(load.kind, load.name, load.namespace) for load in _WORKLOADS]
        wait.until(wait.every(*rolled_out), named="Argo CD and its Git server", within_s=_UP_WITHIN_S)
        fork = Fork.made(site, folder)
        gitops = fork.gitops(images.tool(site.paths, "helm"))
        _apply(kube, gitops.root.text, f"--namespace={NAMESPACE}")
        wait.until(argo.settled(fork, gitops), named="all of the fork deployed", within_s=_DEPLOYED_WITHIN_S)
        yield argo
    finally:
        _remove(kube, text)


def manifests(paths: Paths) -> list[Object]:
    """Return upstream's core of Argo CD, from its pinned module, told what ``charts/gitops`` relies on (docs/production.md)."""
    from plumbline.images import lock, upstream  # noqa: PLC0415

    redis = lock.load(paths.root).entries["redis"].ref
    told = {
        "argocd-cm": {_HEALTH: (paths.charts / ROOT / "files" / "health.lua").read_text()},
        "argocd-cmd-params-cm": {_STEPS: "true"},
    }
    documents = definitions.documents(upstream.module_file(paths, _MODULE, _MANIFEST))
    for each in documents:
        if each["kind"] not in _OF_THE_CLUSTER:
            each["metadata"]["namespace"] = NAMESPACE
        if each["kind"] == "ConfigMap" and (more := told.get(each["metadata"]["name"])):
            each["data"] = {**each.get("data", {}), **more}
        for container in containers(each):
            container["imagePullPolicy"] = "Never"
            if _REDIS in container["image"]:
                container["image"] = redis
    return documents


def production_images(paths: Paths) -> set[str]:
    """Return the images of Argo CD as production has it (docs/production.md), from its pinned module."""
    from plumbline.images import upstream  # noqa: PLC0415

    documents = definitions.documents(upstream.module_file(paths, _MODULE, _PRODUCTION))
    return {container["image"] for each in documents for container in containers(each)}


def containers(each: Object) -> list[Object]:
    """Return the containers of what an object brings; none where it brings no pod."""
    pod = each["spec"].get("template", {}).get("spec", {}) if each["kind"] in ("Deployment", "StatefulSet") else {}
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def _text(objects: list[Object]) -> str:
    return "\n---\n".join(map(json.dumps, objects))


def _apply(kube: Kube, text: str, *where: str) -> None:
    argv = ("apply", "--server-side", "--force-conflicts", "--filename=-", *where)
    kube.kubectl(*argv, input=text, within_s=_APPLIED_WITHIN_S)


def _remove(kube: Kube, text: str) -> None:
    """Take away Argo CD, its Git server, and what was deployed."""
    # The controllers first, or they would put back what goes.
    kube.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", within_s=_GONE_WITHIN_S)
    kube.kubectl("delete", "--filename", "-", "--ignore-not-found", "--wait=false", input=text, within_s=_GONE_WITHIN_S)
    spaces = (FORGE, *map(space, CLOUD))
    kube.kubectl("delete", "namespace", *spaces, "--ignore-not-found", "--wait=false")
    gone = wait.every(*(kube.gone("Namespace", name, "") for name in spaces))
    wait.until(gone, named="Argo CD and what it deployed gone", within_s=_GONE_WITHIN_S)
