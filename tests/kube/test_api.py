"""Watches and what they say of pods and workloads, against a scripted API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlparse

import pytest
import yaml

from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Kube
from plumbline.kube.transport import NotFound


def pod(name: str, *, ready: bool, version: int = 1, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": str(ready)}]
    meta = {"name": name, "namespace": "ethereum", "resourceVersion": str(version)}
    return {"metadata": meta, "status": {"phase": "Running", "conditions": conditions, **status}}


class Scripted(BaseHTTPRequestHandler):
    """A list, then one batch of changes for each watch."""

    items: ClassVar[list[dict[str, Any]]] = []
    batches: ClassVar[list[list[dict[str, Any]]]] = []
    lists: ClassVar[int] = 0

    def do_GET(self) -> None:
        query = parse_qs(urlparse(self.path).query)
        if "/missing" in self.path:
            self._send(404, {"kind": "Status", "message": 'pods "missing" not found'})
        elif "watch" in query:
            batch = Scripted.batches.pop(0) if Scripted.batches else []
            self._send(200, *batch)
        else:
            Scripted.lists += 1
            self._send(200, {"metadata": {"resourceVersion": "1"}, "items": Scripted.items})

    def _send(self, status: int, *documents: dict[str, Any]) -> None:
        body = "".join(json.dumps(document) + "\n" for document in documents).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[Kube]:
    Scripted.items, Scripted.batches, Scripted.lists = [], [], 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    Thread(target=server.serve_forever, daemon=True).start()
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "kind-c", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    yield Kube(tmp_path / "kubeconfig", "kind-c", tmp_path)
    server.shutdown()


def test_a_watch_sees_what_changes_after_the_list(kube: Kube) -> None:
    Scripted.items = [pod("geth-0", ready=True), pod("geth-1", ready=False)]
    Scripted.batches = [[], [{"type": "MODIFIED", "object": pod("geth-1", ready=True, version=5)}]]

    ready = wait.until(kube.pods_ready("ethereum", "app=geth", 2), named="two nodes", within_s=10)

    assert sorted(ready) == ["geth-0", "geth-1"]
    assert Scripted.lists == 1


def test_a_version_that_is_too_old_lists_again(kube: Kube) -> None:
    Scripted.items = [pod("geth-0", ready=False)]
    Scripted.batches = [
        [{"type": "ERROR", "object": {"code": 410}}],
        [{"type": "MODIFIED", "object": pod("geth-0", ready=True)}],
    ]

    wait.until(kube.pods_ready("ethereum", "", 1), named="one node", within_s=10)

    assert Scripted.lists == 2


def test_a_timeout_says_what_the_pods_are_doing(kube: Kube) -> None:
    died = {"name": "geth", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2s"}}}
    died["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "message": "invalid genesis"}}
    Scripted.items = [pod("geth-0", ready=True), pod("geth-1", ready=False, containerStatuses=[died])]

    with pytest.raises(wait.Timeout) as caught:
        wait.until(kube.pods_ready("ethereum", "", 2), named="two nodes ready", within_s=1)

    assert (
        "two nodes ready: 1 of 2 ready; geth-1: Running, geth CrashLoopBackOff: back-off 2s, geth exit 1 Error invalid genesis"
        in str(caught.value)
    )


def test_a_server_that_does_not_answer_is_not_yet(tmp_path: Path) -> None:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "kind-c", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    gone = Kube(tmp_path / "kubeconfig", "kind-c", tmp_path)

    with pytest.raises(wait.Timeout, match="Connection refused"):
        wait.until(gone.pods_ready("ethereum", "", 1), named="one node", within_s=0.5)


def test_absent_objects_are_told_from_refusals(kube: Kube) -> None:
    assert kube.find("Pod", "missing", "ethereum") is None
    with pytest.raises(NotFound, match='pods "missing" not found'):
        kube.get("Pod", "missing", "ethereum")


@pytest.mark.parametrize(
    ("status", "generation", "ready"),
    [
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2}, 2, True),
        ({"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2}, 2, False),
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1}, 2, False),
        ({"observedGeneration": 2, "readyReplicas": 1, "updatedReplicas": 2}, 2, False),
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2, "replicas": 2}, 2, True),
        ({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2, "replicas": 3}, 2, False),
        ({}, 1, False),
    ],
)
def test_a_rollout_counts_current_replicas_only(
    kube: Kube, status: dict[str, Any], generation: int, ready: bool
) -> None:
    meta = {"name": "geth", "namespace": "ethereum", "generation": generation, "resourceVersion": "1"}
    Scripted.items = [{"metadata": meta, "spec": {"replicas": 2, "selector": {"matchLabels": {}}}, "status": status}]
    condition = kube.rolled_out("StatefulSet", "geth", "ethereum")

    seen = next(iter(condition.observe(wait.Deadline(1))))

    assert seen.ok is ready


def test_a_daemon_set_without_nodes_has_not_rolled_out(kube: Kube) -> None:
    meta = {"name": "speaker", "namespace": "metallb-system", "generation": 1, "resourceVersion": "1"}
    status = {"observedGeneration": 1, "desiredNumberScheduled": 0, "numberReady": 0, "updatedNumberScheduled": 0}
    Scripted.items = [{"metadata": meta, "spec": {"selector": {"matchLabels": {}}}, "status": status}]

    seen = next(iter(kube.rolled_out("DaemonSet", "speaker", "metallb-system").observe(wait.Deadline(1))))

    assert not seen.ok


def test_credentials_are_kept_where_destroy_finds_them(tmp_path: Path) -> None:
    secret = b64encode(b"secret").decode()
    cluster = {"server": "https://127.0.0.1:1", "certificate-authority-data": secret}
    user = {"client-certificate-data": secret, "client-key-data": secret}
    context = {"name": "kind-x", "context": {"cluster": "c", "user": "u"}}
    document = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [context],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps({**document, "current-context": "kind-x"}))
    made = "import os, sys; from pathlib import Path; from plumbline.kube.api import Kube"
    killed = "Kube(Path(sys.argv[1]), 'kind-x', Path()).client; os.kill(os.getpid(), 9)"

    subprocess.run(
        [sys.executable, "-c", f"{made}; {killed}", tmp_path / "kubeconfig"],
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )

    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")} == {"kubeconfig", "credentials"}


@pytest.mark.parametrize(
    ("statuses", "started"),
    [
        pytest.param([], False, id="none has been made yet"),
        pytest.param([{"started": True}, {"started": False}], False, id="one has not passed its startup probe"),
        pytest.param([{"started": True}, {"started": True}], True, id="all have, ready or not"),
    ],
)
def test_a_pod_has_started_when_its_containers_have(statuses: list[dict[str, bool]], started: bool) -> None:
    assert k8s.pod_started({"status": {"containerStatuses": statuses}}) is started
