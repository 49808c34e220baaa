"""The execution layer on a public network: one Geth node that follows it by its own beacon light client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import METRICS_PORT, RPC_PORT, Geth
from plumbline.core import wait
from plumbline.core.errors import ConfigError

CHAIN_IDS = {"mainnet": 1, "sepolia": 11155111}  # EIP-155, and https://chainlist.org
_ROOT = re.compile(r"0x[0-9a-f]{64}")


class PublicExecution(HelmComponent):
    """Geth by the chart ``geth-node``, snap sync, consensus by ``--beacon.api`` and ``--beacon.checkpoint``.

    Both come from the user: a checkpoint is what a light client trusts, so no default can be right.
    """

    name: ClassVar[str] = "execution"
    needs: ClassVar[tuple[str, ...]] = ("storage", "network-policy", "monitor-definitions")
    releases: ClassVar[tuple[Release, ...]] = (
        Release("geth", "geth-node", NAMESPACE, values_file="values.local-public.yaml"),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("StatefulSet", "geth", NAMESPACE),)
    asked: ClassVar[tuple[str, ...]] = (RPC_PORT, METRICS_PORT)

    def check(self) -> None:
        """Demand a Beacon API and a checkpoint.

        Raises:
            ConfigError: one is missing, or is not what it should be.
        """
        config = self.site.config
        if not (config.beacon_api or "").startswith(("http://", "https://")):
            raise ConfigError(
                f"network {config.network} needs --beacon-api: the URL of a Beacon API that serves light-client objects "
                f"of {config.network}"
            )
        if not _ROOT.fullmatch(config.checkpoint or ""):
            raise ConfigError(
                f"network {config.network} needs --checkpoint: the root (0x and 64 hex digits) of a finalized block of "
                f"{config.network} that you trust, not older than two weeks"
            )

    @property
    def node(self) -> Geth:
        """The node."""
        return Geth("geth-0", self.kube)

    def ready(self) -> wait.Condition[Any]:
        """Hold when the node answers; it serves clients when it has synchronised, which takes hours."""
        return wait.holds(lambda: self.node.version, every_s=0.5)

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the network, and where its consensus is read from."""
        config = self.site.config
        light_client = {"api": [config.beacon_api], "checkpoint": config.checkpoint}
        return {"network": config.network, "consensus": {"blsync": light_client}}
