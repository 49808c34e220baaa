"""What the parts of a control plane, and the services of its node, say of their own health."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from plumbline.components.node.kind_config import CONTROL_PLANE
from plumbline.core import shell
from plumbline.core.paths import Paths
from plumbline.kube.api import Kube, Object, condition_of
from plumbline.kube.transport import ApiError

OK = "ok"  # what a healthy part says
_ANSWERS_WITHIN_S = 3

# Each listens on its node's loopback only (https://kubernetes.io/docs/reference/networking/ports-and-protocols).
_ON_EVERY_NODE: Mapping[str, str] = {
    "kube-proxy": "http://127.0.0.1:10249/healthz",
    "kubelet": "http://127.0.0.1:10248/healthz",
}
_ON_THE_CONTROL_PLANE: Mapping[str, str] = {
    "etcd": "http://127.0.0.1:2381/health",
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/healthz",
    **_ON_EVERY_NODE,
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


def of_node(node_exec: Callable[..., shell.Result], role: str, only: str = "") -> dict[str, str]:
    """Return what each part on a node says: "ok", or what is wrong with it.

    Args:
        node_exec: runs a program on the node, as :meth:`Cluster.node_exec` does.
        role: the node's role, which decides what runs there.
        only: ask one part only.
    """
    parts = _ON_THE_CONTROL_PLANE if role == CONTROL_PLANE else _ON_EVERY_NODE
    asked = {part: url for part, url in parts.items() if only in ("", part)}
    if not asked:
        return {}
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


def unready(nodes: Iterable[Object]) -> dict[str, str]:
    """Return the nodes that are not Ready, with what they say of it."""
    found = {}
    for node in nodes:
        said = condition_of(node, "Ready")
        if said["status"] != "True":
            found[str(node["metadata"]["name"])] = f"Ready is {said['status']}: {said.get('message', '')}"
    return found


def of_api_server(kube: Kube) -> str:
    """Return what the API server says: both of its healths (https://kubernetes.io/docs/reference/using-api/health-checks)."""
    for path in ("/livez", "/readyz"):
        try:
            kube.request("GET", path)
        except ApiError as error:
            return f"{path} answers {error.status}: {error.message}"
        except OSError as error:
            return f"{path} does not answer: {error}"
    return OK
