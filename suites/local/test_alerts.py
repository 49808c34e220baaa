"""ALR: one alert, live; suites/alerts has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.evidence import figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.faults.alerts.proofs import Proof

LATE_S = 15.0  # design, section 6


@pytest.mark.control("ALR-002")
@pytest.mark.destructive("execution", restarts=("ethereum/geth-follower-0",))
@pytest.mark.parametrize("alert", ["GethPeersLow"])
def test_an_alert_is_delivered_and_resolved(alert: str, proof_of: Callable[[str], Proof]) -> None:
    """Preconditions: a full mesh of peers.
    Steps: cut a node off by its NetworkPolicy; wait until the alert is pending, firing, and delivered; let the peers in again; wait
    for the notice that it is resolved.
    Expected: it arrives at the receiver of its severity with its labels, what to say, and its runbook; both notices come within
    15 s beyond the rule's own ``for``.
    """
    proof = proof_of(alert)

    figure(f"{alert}: condition to delivery", proof.delivered_late_s, "s", bound=LATE_S)
    figure(f"{alert}: its end to the notice", proof.resolved_late_s, "s", bound=LATE_S)
    assert proof.delivered_late_s <= LATE_S, f"delivered late: {proof}"
    assert proof.resolved_late_s <= LATE_S, f"resolved late: {proof}"
