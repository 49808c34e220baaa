"""The harness judges a stack by itself: in the cluster, on a schedule, in shares, as an account that may only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.alerting import OF_HARNESS
from plumbline.components.telemetry import dashboards
from plumbline.components.telemetry.dashboard_view import View
from plumbline.core import wait
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from plumbline.components.existing.nightly import Nightly
    from plumbline.components.monitoring import Monitoring
    from plumbline.faults.alerts.proofs import Proof

READ = ("CLU-001", *(f"EXT-00{number}" for number in range(1, 7)))
HURT = "EXT-004"
DASHBOARD = "plumbline-harness"
LATE_S = 15.0  # design, section 6
TOLD_WITHIN_S = 90.0  # a new ServiceMonitor takes up to a minute to act


@pytest.mark.undisturbed
def test_the_harness_judges_the_stack_by_itself(
    nightly: Nightly, monitoring: Monitoring, denial_lifted: Callable[[], AbstractContextManager[None]]
) -> None:
    """Preconditions: the published account, a map of our own stack as it was found, and charts/conformance with a schedule of two
    shares.
    Steps: have a run made; lift the default denial of a namespace, and have another made.
    Expected: Prometheus has every control of the map as proved, and each panel of the dashboard shows something; then EXT-004 alone
    as failed, and the run's log names the namespace.
    """
    well = nightly.run(1)
    proved = wait.until(nightly.told(monitoring.prometheus, well.name), named="a run told of", within_s=TOLD_WITHIN_S)
    blank = faults_of_dashboard(monitoring)
    with denial_lifted():
        ill = nightly.run(2)
        found = wait.until(nightly.told(monitoring.prometheus, ill.name), named="the next", within_s=TOLD_WITHIN_S)

    attach("the first run", well.said)
    attach("the second run", ill.said)
    figure("controls proved from within", sum(verdict == "proved" for verdict in proved.values()), "")
    assert well.ok, well.said
    assert {control: proved.get(control) for control in READ} == dict.fromkeys(READ, "proved"), well.said
    assert not blank, "\n".join(blank)
    assert [control for control, verdict in found.items() if verdict == "failed"] == [HURT], ill.said
    assert "namespace conformance does not deny" in ill.said


@pytest.mark.control("ALR-002")
@pytest.mark.undisturbed
@pytest.mark.parametrize("alert", sorted(OF_HARNESS))
def test_its_alerts_are_delivered_and_resolved(alert: str, proof_of: Callable[[str], Proof]) -> None:
    """Preconditions: the harness by itself, with a map of one namespace.
    Steps: lift that namespace's default denial, have a run made, and then no other for longer than the rule allows; put the denial
    back, and have a run made.
    Expected: as of every alert (suites/alerts): each is delivered and resolved within 15 s beyond the rule's own time.
    """
    proof = proof_of(alert)

    figure(f"{alert}: condition to delivery, beyond the rule's own time", proof.delivered_late_s, "s", bound=LATE_S)
    figure(f"{alert}: its end to the notice, beyond the rule's own time", proof.resolved_late_s, "s", bound=LATE_S)
    assert proof.delivered_late_s <= LATE_S, f"delivered late: {proof}"
    assert proof.resolved_late_s <= LATE_S, f"resolved late: {proof}"


def faults_of_dashboard(monitoring: Monitoring) -> list[str]:
    """Return what is wrong with the dashboard that the chart brought."""
    (own,) = [each for each in dashboards.deployed(monitoring.kube) if each.uid == DASHBOARD]
    return View.of(own, monitoring.prometheus).faults(monitoring.prometheus.metric_names())
