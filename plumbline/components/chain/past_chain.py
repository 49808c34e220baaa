"""A throwaway chain that stands in the past until it is moved on: what takes epochs takes as long as its blocks need to be made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from plumbline.components.chain.beacon_control import BeaconControl
from plumbline.components.chain.slots import SlotClock
from plumbline.components.consensus import HTTP_PORT, Consensus
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import claim_of
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube import claims
from plumbline.kube.api import Object

_GETH, _BEACON = "geth-past", "beacon-past"
_POD = f"{_BEACON}-0"
_CHARTS = {_GETH: "geth-node", _BEACON: "beacon"}
_CLAIMS = (claim_of(f"{_GETH}-0"), claim_of(_POD))
_VALUES = "values.local-past.yaml"
_STARTED_WITHIN_S, _BEGUN_WITHIN_S = 120.0, 60.0
_MADE_WITHIN_S = 240.0  # a block costs a fifth of a second of processor time, and there are about 150


@dataclass(frozen=True)
class PastChain:
    """The chain, and an open way to what moves it on.

    Attributes:
        api: URL of its Beacon API within the cluster.
        control: its beacon node's control port.
    """

    api: str
    control: BeaconControl

    @classmethod
    @contextmanager
    def standing(cls, consensus: Consensus) -> Iterator[PastChain]:
        """Have it, at its first finality and some epochs behind the clock, while the block runs."""
        _leave(consensus)  # an interrupted run left it
        try:
            for release, chart in _CHARTS.items():
                consensus.site.helm.upgrade(release, chart, NAMESPACE, _VALUES, {})
            started = consensus.kube.watch("Pod", NAMESPACE, _judge_started, name=_POD)
            wait.until(started, named=f"{_POD} started", within_s=_STARTED_WITHIN_S)
            with consensus.control(_POD) as control:
                chain = cls(f"http://{_BEACON}.{NAMESPACE}.svc.cluster.local:{HTTP_PORT}", control)
                wait.until(chain._still(), named="a chain in the past", within_s=_BEGUN_WITHIN_S)
                yield chain
        finally:
            _leave(consensus)

    def move_to_the_present(self) -> None:
        """Give each slot a block up to the one that is under way by the wall clock, and wait until they are made."""
        self.control.advance(SlotClock().now - self.control.clock().slot)
        wait.until(self._still(), named="the past made present", within_s=_MADE_WITHIN_S)

    def _still(self) -> wait.Condition[int]:
        """Return the condition that the chain is where its clock is; the value is the slot."""

        def look() -> wait.Observation[int]:
            clock = self.control.clock()
            behind = clock.slot - clock.processed
            return wait.Observation(clock.slot > 0 == behind, clock.slot, f"{behind} slots to be made")

        return wait.poll(look, every_s=0.25)


def _judge_started(pods: dict[str, Object]) -> wait.Observation[None]:
    """Judge by its start: before its chain is tall it is not ready for clients."""
    found = pods.get(_POD, {})
    return wait.Observation(k8s.pod_started(found), None, f"{_POD}: {k8s.pod_state(found)}")


def _leave(consensus: Consensus) -> None:
    for release in _CHARTS:
        consensus.site.helm.uninstall(release, NAMESPACE)
    claims.remove(consensus.kube, NAMESPACE, *_CLAIMS)
