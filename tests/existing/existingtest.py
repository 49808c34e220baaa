"""A cluster of plain objects, and a server that is every host of a stack: what the reading controls ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from plumbline.kube.api import Object
from plumbline.kube.transport import NotFound

Answer = tuple[int, Any]


class Kube:
    """An API server that has some objects."""

    context = "theirs"

    def __init__(self, *objects: Object) -> None:
        self.all = list(objects)

    def objects(self, kind: str, namespace: str | None = "", *, selector: str = "") -> list[Object]:
        return [
            each
            for each in self.all
            if each["kind"] == kind and namespace in (None, each["metadata"].get("namespace", ""))
        ]

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        return next((each for each in self.objects(kind, namespace) if each["metadata"]["name"] == name), None)

    def request(self, method: str, path: str, **query: Any) -> Any:
        raise NotFound(method, path, 404, "nothing there")


def thing(kind: str, name: str, namespace: str = "chain", **content: Any) -> Object:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace, "generation": 1}, **content}


def workload(name: str = "geth", replicas: int = 2) -> Object:
    container = {
        "name": "geth",
        "image": "ethereum/client-go:v1.17.10",
        "readinessProbe": {"tcpSocket": {"port": 8545}},
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    status = {"observedGeneration": 1, "readyReplicas": replicas, "updatedReplicas": replicas}
    return thing("StatefulSet", name, spec={"replicas": replicas, "template": template}, status=status)


def policy(name: str = "default-deny", **spec: Any) -> Object:
    return thing("NetworkPolicy", name, spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"], **spec})


def budget(minimum: int = 1) -> Object:
    spec = {"selector": {"matchLabels": {"app": "geth"}}}
    return thing("PodDisruptionBudget", "geth", spec=spec, status={"desiredHealthy": minimum})


def balancer(address: str) -> Object:
    return thing("Service", "edge", "edge", spec={}, status={"loadBalancer": {"ingress": [{"ip": address}]}})


def node(version: str = "v1.36.2", ready: str = "True") -> Object:
    said = {"type": "Ready", "status": ready, "message": "kubelet stopped posting"}
    status = {"conditions": [said], "nodeInfo": {"kubeletVersion": version}}
    return {"kind": "Node", "metadata": {"name": "worker"}, "status": status}


@contextmanager
def served(hosts: dict[str, Callable[[str, Any], Answer]]) -> Iterator[str]:
    """Serve hosts at one address while the block runs, and yield its URL; others get 404.

    Args:
        hosts: what answers a path and a JSON body (None of a GET) with a status and a document, by host.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(None)

        def do_POST(self) -> None:
            self._say(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _say(self, body: Any) -> None:
            status, document = hosts.get(self.headers["host"], lambda *_: (404, {}))(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


GENESIS = "0x" + "11" * 32
FORK = {"activationTime": 0, "chainId": "0x7", "forkId": "0xaabbccdd", "blobSchedule": None}


def client(**other: Any) -> Callable[[str, Any], Answer]:
    """Return a host that is an execution client; ``other`` are results that differ from a healthy one's."""
    block = {"number": "0x10", "hash": GENESIS, "timestamp": "0x0"}
    results = {
        "eth_chainId": "0x7",
        "net_version": "7",
        "net_peerCount": "0x2",
        "eth_getBlockByNumber": block,
        "eth_config": {"current": FORK, "next": None, "last": None},
        **other,
    }

    def say(path: str, body: Any) -> Answer:
        if body is None:
            return 200, {}
        return 200, {"jsonrpc": "2.0", "id": body["id"], "result": results[body["method"]]}

    return say


def prometheus(*health: str) -> Callable[[str, Any], Answer]:
    """Return a host that is a Prometheus which scrapes targets of the pool "geth", with their healths."""
    targets = [
        {
            "scrapePool": "geth",
            "scrapeUrl": f"http://10.0.0.{n}:6060/metrics",
            "labels": {"pod": f"geth-{n}"},
            "health": each,
        }
        for n, each in enumerate(health)
    ]
    return lambda path, body: (200, {"data": {"activeTargets": targets}}) if "/api/v1/" in path else (302, {})
