"""The published account that reads a cluster, installed, with a kubeconfig that has its token and nothing else."""

from __future__ import annotations

from pathlib import Path

import yaml

from plumbline.components.existing.access import MANIFEST
from plumbline.core import state
from plumbline.kube.api import Kube

NAMESPACE, NAME = "plumbline-reader", "reader"
_TOKEN_LASTS_S = 3600


def installed(kube: Kube, local: Path, kubeconfig: Path) -> Kube:
    """Install the account, and return the API server as it sees it; it stays, since it may only read.

    Args:
        kube: the API server, by an account that may install it.
        local: the folder local/ of a checkout.
        kubeconfig: where its kubeconfig goes.
    """
    apply(kube, local)
    _write(kubeconfig, kube)
    return Kube(kubeconfig, NAME, kube.tools)


def apply(kube: Kube, local: Path) -> None:
    """Install the account as it is published; the arguments are those of :func:`installed`."""
    kube.kubectl("apply", "--filename", str(local / MANIFEST))


def _write(file: Path, kube: Kube) -> None:
    """Write a kubeconfig with a token of the account that ends by itself (TokenRequest)."""
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{NAME}/token"
    wish = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _TOKEN_LASTS_S},
    }
    token = kube.request("POST", path, body=wish)["status"]["token"]
    known = yaml.safe_load(kube.kubeconfig.read_text())
    used = next(each["context"] for each in known["contexts"] if each["name"] == kube.context)
    cluster = next(each for each in known["clusters"] if each["name"] == used["cluster"])
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": NAME, "context": {"cluster": cluster["name"], "user": NAME}}],
    }
    state.write_text(file, yaml.safe_dump(document), mode=0o600)
