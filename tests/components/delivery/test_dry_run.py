"""How objects are shown to the API server."""

from __future__ import annotations

import json
from typing import Any

from plumbline.components.delivery import dry_run
from plumbline.components.delivery.renderings import Rendering, Way
from plumbline.kube.transport import ApiError, NotFound


class ApiServer:
    """It serves Services and Namespaces, and takes no Service called bad."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def objects(self, kind: str) -> list[dict[str, Any]]:
        return [{"metadata": {"name": name}} for name in ("default", "ethereum")]

    def request(self, method: str, path: str, *, body: Any = None, **query: Any) -> Any:
        if method == "GET":
            if path != "/api/v1":
                raise NotFound(method, path, 404, "no such group")
            return {
                "resources": [
                    {"kind": "Service", "name": "services", "namespaced": True},
                    {"kind": "Service", "name": "services/status", "namespaced": True},
                    {"kind": "Namespace", "name": "namespaces", "namespaced": False},
                ]
            }
        assert (query["dryRun"], query["fieldValidation"]) == ("All", "Strict")
        assert path.endswith(f"/{body['metadata']['name']}")
        if body["metadata"]["name"] == "bad":
            raise ApiError(method, path, 422, "spec is wrong")
        self.shown.append(path)
        return body


def rendering(name: str, namespace: str, *objects: tuple[str, str, str]) -> Rendering:
    plain = [{"apiVersion": version, "kind": kind, "metadata": {"name": own}} for version, kind, own in objects]
    way = Way(chart="chart", name=name, release="r", namespace=namespace, file="values.yaml")
    return Rendering(way, "\n---\n".join(map(json.dumps, plain)))


def test_what_stands_is_upgraded_and_the_rest_meets_nobody() -> None:
    server = ApiServer()
    local = rendering("local", "ethereum", ("v1", "Service", "geth"), ("v1", "Service", "bad"))
    cloud = rendering("prod", "elsewhere", ("v1", "Service", "geth"), ("v1", "Namespace", "n"), ("x.io/v1", "X", "x"))

    answer = dry_run.of(server, [local, cloud])  # type: ignore[arg-type]

    assert sorted(server.shown) == [
        "/api/v1/namespaces/default/services/dry-run-geth",
        "/api/v1/namespaces/dry-run-n",
        "/api/v1/namespaces/ethereum/services/geth",
    ]
    assert answer.refused == ("charts/chart, local: Service/bad: spec is wrong",)
    assert (answer.taken, answer.unserved) == (3, frozenset({"x.io/v1 X"}))
