"""ALR-003: who is told of which alert, what is kept quiet, and that silence itself is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.alerting import heartbeat
from plumbline.core.patience import settle
from plumbline.faults.injuries.nodes import stopped
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from plumbline.components.alerting.trial import AlertTrial
    from plumbline.components.monitoring import Monitoring
    from plumbline.stack import Stack

TOLD_WITHIN_S = 15.0
QUIET_S = 8.0  # eight times as long as a group waits: what was not delivered then is not delivered
BEAT_WITHIN_S = 20.0
DEAD_WITHIN_S = (
    60.0  # four times what Prometheus waits between two tellings, and the delivery of what Alertmanager makes of it
)


@pytest.mark.control("ALR-003")
@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "critical"), ("warning", "warning"), ("unheard-of", "unrouted")]
)
def test_an_alert_goes_to_the_receiver_of_its_severity(trial: AlertTrial, severity: str, receiver: str) -> None:
    """Preconditions: a standing Alertmanager.
    Steps: give it an alert of a severity; wait for what is delivered.
    Expected: it is delivered by the receiver of that severity and no other; what nobody routes goes to the last resort.
    """
    alert = trial.labels("TrialRouted", severity=severity)

    trial.fire(alert)
    seen = settle(trial.delivered(alert), named="delivered", within_s=TOLD_WITHIN_S)

    assert seen.ok, f"an alert of severity {severity} did not reach {receiver}: {seen.summary}"
    by = {delivery.receiver for delivery in trial.deliveries(alert)}
    assert by == {receiver}, f"an alert of severity {severity} reached {', '.join(sorted(by))}, not {receiver} alone"


@pytest.mark.control("ALR-003")
def test_alerts_that_belong_together_come_together(trial: AlertTrial) -> None:
    """Preconditions: a standing Alertmanager.
    Steps: give it the same alert of two pods at once.
    Expected: both are delivered in one notification.
    """
    alerts = [trial.labels("TrialGrouped", severity="warning", pod=pod) for pod in ("trial-0", "trial-1")]

    trial.fire(*alerts)
    seen = [settle(trial.delivered(alert), named="delivered", within_s=TOLD_WITHIN_S) for alert in alerts]

    assert all(one.ok for one in seen), "; ".join(one.summary for one in seen)
    arrived = {delivery.at for delivery in trial.deliveries(trial.labels("TrialGrouped"))}
    assert len(arrived) == 1, f"two alerts that belong together came at {len(arrived)} times"


@pytest.mark.control("ALR-003")
def test_a_node_that_is_down_silences_what_follows_from_it(trial: AlertTrial) -> None:
    """Preconditions: a standing Alertmanager.
    Steps: give it the alert that a node is down, and those that follow from that, in this namespace and in another one.
    Expected: those of the other namespace are delivered; those of the same one are not, and Alertmanager says because of what.
    """
    followed = ("GethPeersLow", "GethSyncLag", "GethHeadStalled", "ScrapeTargetDown")
    cause = trial.labels("GethNodeDown", severity="critical", pod="trial-0")
    here = [trial.labels(name, severity="warning", pod="trial-0") for name in followed]
    there = [trial.labels(name, elsewhere=True, severity="warning", pod="trial-0") for name in followed]

    trial.fire(cause)
    told = settle(trial.delivered(cause), named="the cause delivered", within_s=TOLD_WITHIN_S)
    trial.fire(*here, *there)
    others = [settle(trial.delivered(each), named="elsewhere, delivered", within_s=TOLD_WITHIN_S) for each in there]
    settle(trial.delivered(trial.labels("nothing")), named="the rest not delivered", within_s=QUIET_S)

    assert told.ok, f"GethNodeDown was not delivered: {told.summary}"
    assert all(one.ok for one in others), "; ".join(one.summary for one in others)
    loud = [each["alertname"] for each in here if trial.deliveries(each)]
    assert not loud, f"{', '.join(loud)} came though GethNodeDown fires in that namespace"
    unexplained = [each["alertname"] for each in here if not trial.state(each).inhibited_by]
    assert not unexplained, f"Alertmanager does not say what inhibits {', '.join(unexplained)}"


@pytest.mark.control("ALR-003")
def test_a_silence_holds_and_ends(trial: AlertTrial, monitoring: Monitoring) -> None:
    """Preconditions: a standing Alertmanager.
    Steps: silence an alert; give it to Alertmanager; end the silence.
    Expected: it is delivered after the silence, and not before.
    """
    alert = trial.labels("TrialSilenced", severity="warning")

    with monitoring.alertmanager.silenced(trial.labels("TrialSilenced"), "suites/alerts"):
        trial.fire(alert)
        early = settle(trial.delivered(alert), named="not delivered", within_s=QUIET_S)
        state = trial.state(alert)
    late = settle(trial.delivered(alert), named="delivered after the silence", within_s=TOLD_WITHIN_S)

    assert not early.ok, "TrialSilenced was delivered though it is silenced"
    assert state.silenced_by, f"Alertmanager has TrialSilenced {state.state}, and does not say what silences it"
    assert late.ok, f"TrialSilenced was not delivered after the silence: {late.summary}"


@pytest.mark.control("ALR-003")
@pytest.mark.destructive("monitoring", restarts=("monitoring/*",))
@pytest.mark.parametrize("part", ["prometheus", "alertmanager"])
def test_the_death_of_who_should_tell_is_noticed(stack: Stack, monitoring: Monitoring, part: str) -> None:
    """Preconditions: the dead man's switch gives signs of life.
    Steps: stop Prometheus, or Alertmanager, in the middle of what it does (SIGSTOP); listen outside of both; let it go on.
    Expected: within 60 s the signs of life stay away, or are called off; afterwards they come again.
    """
    heard = monitoring.receiver

    alive = settle(heartbeat.beat(heard), named="a sign of life", within_s=BEAT_WITHIN_S)
    with stopped(stack, f"{part}-kube-prometheus-stack-0", part, "monitoring"):
        silence = heartbeat.fallen_silent(heard, BEAT_WITHIN_S)
        noticed = settle(silence, named="silence noticed", within_s=DEAD_WITHIN_S)
    again = settle(heartbeat.beat(heard), named="a sign of life again", within_s=DEAD_WITHIN_S)

    attach("the dead man's switch", f"{part} stopped: {noticed.summary}")
    assert alive.ok, f"the dead man's switch gives no sign of life to begin with: {alive.summary}"
    assert noticed.ok, f"{part} is stopped, and the signs of life go on: {noticed.summary}"
    assert again.ok, f"{part} goes on, and no sign of life comes: {again.summary}"
    figure(f"dead man's switch: {part} stopped to noticed", noticed.seconds, "s", bound=DEAD_WITHIN_S)
