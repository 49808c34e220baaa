"""What a pod tells of itself at its own metrics port, whether or not somebody scrapes it.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from plumbline.kube.api import Kube


def of_pod(kube: Kube, namespace: str, pod: str, port: str, path: str = "/metrics") -> dict[str, float]:
    """Return the metrics without labels, by name."""
    return at(kube, kube.pod_url(namespace, pod, port) + path)


def at(kube: Kube, path: str) -> dict[str, float]:
    """Return the metrics without labels at a path of the API server's proxy, by name."""
    text = str(kube.request("GET", path))
    pairs = (line.split(" ") for line in text.splitlines() if line and line[0] != "#" and "{" not in line)
    return {name: float(value) for name, value in pairs}
