"""The light client on a public network, whatever network Geth is on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from plumbline.components.base import Release
from plumbline.components.chain import forks
from plumbline.components.light_client import NAMESPACE, LightClient
from plumbline.core.errors import ConfigError

VERSION = "helios/0.11.1"
_ROOT = re.compile(r"0x[0-9a-f]{64}")
_SCHEDULES = {"sepolia": forks.SEPOLIA}  # of the networks whose next fork is known to be beyond this release


class PublicLightClient(LightClient):
    """Helios on mainnet or Sepolia.

    What it asks comes from the user, and above all what it trusts; where Geth is on the same network, the Beacon API and
    the checkpoint are the same, and Geth is what it asks.
    """

    releases: ClassVar[tuple[Release, ...]] = (
        Release("helios", "helios", NAMESPACE, values_file="values.local-public.yaml"),
    )
    uses: ClassVar[tuple[str, ...]] = ("ingress",)

    @property
    def network(self) -> str:
        """The network that it follows."""
        return str(self.site.config.helios_network)

    @property
    def _with_geth(self) -> bool:
        return self.site.config.network == self.network

    @property
    def _beacon_api(self) -> str:
        config = self.site.config
        return config.helios_beacon_api or (config.beacon_api if self._with_geth else None) or ""

    @property
    def _checkpoint(self) -> str:
        config = self.site.config
        return config.helios_checkpoint or (config.checkpoint if self._with_geth else None) or ""

    def check(self) -> None:
        """Demand what it asks and what it trusts, and a network that this release can follow.

        Raises:
            ConfigError: something is missing, or is not what it should be; or the network has forks that it does not know.
        """
        if not self._beacon_api.startswith(("http://", "https://")):
            raise ConfigError(
                f"Helios on {self.network} needs --helios-beacon-api: the URL of a Beacon API that serves light-client "
                f"objects of {self.network}"
            )
        if not _ROOT.fullmatch(self._checkpoint):
            raise ConfigError(
                f"Helios on {self.network} needs --helios-checkpoint: the root (0x and 64 hex digits) of a finalized block of "
                f"{self.network} that you trust, not older than two weeks"
            )
        if not self._with_geth and not (self.site.config.helios_execution_rpc or "").startswith(
            ("http://", "https://")
        ):
            raise ConfigError(
                f"Helios on {self.network} needs --helios-execution-rpc: the URL of the JSON-RPC of an execution client of "
                f"{self.network} that serves eth_getProof; Geth here is on {self.site.config.network}"
            )
        for short in forks.cannot_follow(_SCHEDULES.get(self.network, ()), {"Helios": VERSION}):
            raise ConfigError(f"Helios cannot follow {self.network}: {short}, or choose --helios-network mainnet")

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return the network, what is asked there, and what is trusted."""
        asked: dict[str, Any] = {"api": self._beacon_api, "checkpoint": self._checkpoint}
        values: dict[str, Any] = {"network": self.network, "consensus": asked}
        if self.site.config.helios_execution_rpc:
            values["execution"] = {"rpc": self.site.config.helios_execution_rpc}
        return values
