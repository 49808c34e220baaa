"""Objects of a small cluster, in the words of the Kubernetes API."""

from __future__ import annotations

from typing import Any

NODE_NAME, NODE_ADDRESS = "node-1", "172.18.0.2"
NODES = {NODE_NAME: NODE_ADDRESS}


def pod(
    name: str, namespace: str, address: str, owner: tuple[str, str], *ports: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A running pod of one container."""
    labels = {"pod-template-hash": "7c9d"} if owner[0] == "ReplicaSet" else {}
    meta = {"name": name, "namespace": namespace, "labels": labels}
    container = {"name": "main", "ports": list(ports)}
    status = {"name": "main", "containerID": f"containerd://{name}-id", "state": {"running": {}}}
    return {
        "metadata": {**meta, "ownerReferences": [{"kind": owner[0], "name": owner[1]}]},
        "spec": {"containers": [container], "nodeName": NODE_NAME, **more},
        "status": {"phase": "Running", "podIP": address, "containerStatuses": [status]},
    }
