"""The API server as a pod knows it, by the account that Kubernetes gives it.

Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod
"""

from __future__ import annotations

from pathlib import Path

import yaml

CONTEXT = "in-cluster"
_SERVER = "https://kubernetes.default.svc"
_MOUNTED = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def is_here(mounted: Path = _MOUNTED) -> bool:
    """Return whether this process runs in a pod that has an account."""
    return (mounted / "token").is_file()


def kubeconfig(mounted: Path = _MOUNTED) -> str:
    """Return a kubeconfig with the account's token, which stays a file: the kubelet renews it."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": CONTEXT, "cluster": {"server": _SERVER, "certificate-authority": str(mounted / "ca.crt")}}
        ],
        "users": [{"name": CONTEXT, "user": {"tokenFile": str(mounted / "token")}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    return yaml.safe_dump(document)
