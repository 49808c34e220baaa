"""Services inside the cluster: kube-proxy has its rules."""

from __future__ import annotations

from typing import Any, ClassVar

from plumbline.components.base import Component
from plumbline.core import wait


class ServiceNetwork(Component):
    """kube-proxy, which comes with the cluster and is waited for by what calls the API server by its Service.

    A pod that does so before the rules are there gets out to the network instead, and crashes once.
    """

    name: ClassVar[str] = "service-network"
    needs: ClassVar[tuple[str, ...]] = ("pod-network",)

    def deploy(self) -> None:
        """Nothing: kubeadm made it."""

    def ready(self) -> wait.Condition[Any]:
        """Hold when kube-proxy serves on every node."""
        return self.kube.pods_ready("kube-system", "k8s-app=kube-proxy", len(self.site.nodes))

    def fingerprint(self) -> str:
        """Return that of nothing."""
        return ""
