"""ALR-002: each alert is caused on the living stack, delivered, healed, and resolved.

The causes of all tests that were asked for act together, as far as they hurt different parts (plumbline/faults/alerts/register.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.alerting import proved_live
from reports.evidence import figure

if TYPE_CHECKING:
    from plumbline.faults.alerts.proofs import Proof

LATE_S = 15.0  # design, section 6


@pytest.mark.control("ALR-002")
@pytest.mark.destructive("alerts", restarts=("ethereum/geth-*", "helios/helios-*"), within_s=180)
@pytest.mark.parametrize("alert", proved_live())
def test_it_is_delivered_and_resolved(alert: str, live_proof: Proof) -> None:
    """Preconditions: the alert does not fire.
    Steps: bring its condition about by what really causes it; wait until it is pending, firing, and delivered; heal; wait for the
    notice that it is resolved.
    Expected: it arrives at the receiver of its severity with its labels, what to say, and its runbook; both notices come within
    15 s beyond the rule's own window and ``for``.
    """
    delivered_s, resolved_s = live_proof.delivered_late_s, live_proof.resolved_late_s

    figure(f"{alert}: condition to delivery, beyond the rule's own time", delivered_s, "s", bound=LATE_S)
    figure(f"{alert}: its end to the notice, beyond the rule's own time", resolved_s, "s", bound=LATE_S)
    assert delivered_s <= LATE_S, f"delivered late: {live_proof}"
    assert resolved_s <= LATE_S, f"resolved late: {live_proof}"
