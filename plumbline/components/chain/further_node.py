"""A Geth node beside the standing ones: a release of its own, guided by its own beacon light client, with a volume that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plumbline.components.base import Release
from plumbline.components.consensus import Consensus
from plumbline.components.execution import Execution, Geth, claim_of
from plumbline.kube import claims


@dataclass
class FurtherNode:
    """One release of the chart ``geth-node`` with a single pod.

    Attributes:
        release: it.
        execution: the nodes that it joins.
        consensus: the beacon node that its light client asks.
    """

    release: Release
    execution: Execution
    consensus: Consensus

    @property
    def name(self) -> str:
        """Its pod's name."""
        return f"{self.release.name}-0"

    @property
    def node(self) -> Geth:
        """It, to be asked."""
        return Geth(self.name, self.execution.kube, self.release.namespace)

    @property
    def claim(self) -> str:
        """The claim of its volume."""
        return claim_of(self.name)

    @property
    def present(self) -> bool:
        """Whether its release, or what is left of it, is there."""
        kinds = (("StatefulSet", self.release.name), ("PersistentVolumeClaim", self.claim))
        return any(self.execution.kube.find(kind, name, self.release.namespace) is not None for kind, name in kinds)

    def join(self, **values: Any) -> None:
        """Deploy it with further values of the chart, trusting the checkpoint that is finalized now; does not wait for it."""
        trusted = {"consensus": {"blsync": {"checkpoint": self.consensus.checkpoints().finalized.root}}}
        given = {**self.execution.given(self.release), **trusted, **values}
        release, helm = self.release, self.execution.site.helm
        helm.upgrade(release.name, release.chart, release.namespace, release.values_file, given)

    def leave(self) -> None:
        """Remove it with its volume."""
        kube, release = self.execution.kube, self.release
        self.execution.site.helm.uninstall(release.name, release.namespace)
        claims.remove(kube, release.namespace, self.claim)
