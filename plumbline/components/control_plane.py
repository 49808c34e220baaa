"""What the parts of a control plane, and the services of its node, say of their own health."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plumbline.components.kube import ApiError, Kube
from plumbline.core import shell
from plumbline.core.paths import Paths

OK = "ok"  # what a healthy part says
_ANSWERS_WITHIN_S = 3

# Each listens on the node's loopback only (https://kubernetes.io/docs/reference/networking/ports-and-protocols).
_ON_THE_NODE: Mapping[str, str] = {
    "etcd": "http://127.0.0.1:2381/health",
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/healthz",
    "kube-proxy": "http://127.0.0.1:10249/healthz",
    "kubelet": "http://127.0.0.1:10248/healthz",
}


@dataclass(frozen=True)
class Pinned:
    """Versions that a node should have."""

    kubernetes: str
    containerd: str


def pinned(paths: Paths) -> Pinned:
    """Return the versions that go into the node image by its recipe; of containerd's, upstream's part."""
    from plumbline.images import assembly, workshop  # noqa: PLC0415  (nothing else needs the builder)

    shop = workshop.of(paths)
    recipe = shop.recipes["node"]
    packages = (line.split() for line in assembly.provenance(shop, recipe) if line.startswith("deb "))
    containerd = next(version for _, name, version, *_ in packages if name == "containerd")
    return Pinned(recipe.version, re.split(r"[+~-]", containerd)[0])


def health(kube: Kube, node_exec: Callable[..., shell.Result], only: str = "") -> dict[str, str]:
    """Return what each part says: "ok", or what is wrong with it.

    Args:
        kube: the API server, which is asked for its own health as well.
        node_exec: runs a program on the node, as :meth:`Cluster.node_exec` does.
        only: ask one part only.
    """
    asked = {part: url for part, url in _ON_THE_NODE.items() if only in ("", part)}
    if only:
        return _of_the_node(node_exec, asked)
    return {"kube-apiserver": _of_the_api_server(kube), **_of_the_node(node_exec, asked)}


def _of_the_node(node_exec: Callable[..., shell.Result], asked: Mapping[str, str]) -> dict[str, str]:
    # One program for all of them, at once: each start in the node costs more than the question.
    argv = ["curl", "--silent", "--insecure", "--parallel", "--max-time", str(_ANSWERS_WITHIN_S)]
    argv += ["--write-out", r"%{url} %{http_code} %{errormsg}\n"]
    for url in asked.values():
        argv += ["--output", "/dev/null", url]
    said = parse(node_exec(*argv, check=False).stdout)
    return {part: said.get(url, "gave no answer") for part, url in asked.items()}


def parse(output: str) -> dict[str, str]:
    """Return what each URL answered, from lines "URL STATUS ERROR"."""
    found = {}
    for line in output.splitlines():
        url, status, error = (*line.split(" ", 2), "", "")[:3]
        found[url] = OK if status == "200" else f"answers {status}" if int(status or 0) else f"does not answer: {error}"
    return found


def _of_the_api_server(kube: Kube) -> str:
    """Ask for both of its healths (https://kubernetes.io/docs/reference/using-api/health-checks)."""
    for path in ("/livez", "/readyz"):
        try:
            kube.request("GET", path)
        except ApiError as error:
            return f"{path} answers {error.status}: {error.message}"
        except OSError as error:
            return f"{path} does not answer: {error}"
    return OK
