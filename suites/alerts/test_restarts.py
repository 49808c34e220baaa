"""Restarts of Prometheus and Alertmanager: what is known of alerts and silences outlives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.monitoring import NAMESPACE, RELEASE, SERVERS
from plumbline.components.telemetry import loaded_rules
from plumbline.core import wait
from plumbline.core.patience import settle
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.components.monitoring import Monitoring
    from plumbline.components.telemetry.alert_receiver import Delivery

ALERT, OTHER = "PlumblineStanding", "PlumblineSilenced"
DELIVERED_WITHIN_S = 60.0  # a new rule is first to be learned
AGAIN_WITHIN_S = (
    90.0  # Alertmanager keeps alerts in memory only; Prometheus tells it again after a minute at the latest
)
QUIET_FOR_S = 15.0  # two evaluations and a group's interval


@pytest.fixture
def standing(monitoring: Monitoring) -> Iterator[str]:
    """An alert that fires as long as its rule is there."""
    name = ALERT.lower()
    rule = {"alert": ALERT, "expr": "vector(1)", "labels": {"severity": "none"}, "annotations": {"summary": "standing"}}
    monitoring.kube.apply(
        [
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "PrometheusRule",
                "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"release": RELEASE}},
                "spec": {"groups": [{"name": name, "rules": [rule]}]},
            }
        ]
    )
    yield ALERT
    monitoring.kube.delete("PrometheusRule", name, NAMESPACE)


@pytest.mark.control("MON-003")
@pytest.mark.destructive("monitoring", restarts=tuple(SERVERS))
def test_restarts_lose_no_rule_no_silence_and_no_alert(monitoring: Monitoring, standing: str) -> None:
    """Preconditions: an alert that fires and was delivered, and a silence.
    Steps: end Prometheus and Alertmanager (SIGTERM), and wait until both are ready anew.
    Expected: all rules are loaded and well, the silence is active under its id, the alert fires in both, and nobody was told
    meanwhile that it had ended. (What is documented to be lost: since when an alert without hold time fires.)
    """
    heard = monitoring.receiver.last()

    def told(status: str) -> wait.Condition[Delivery]:
        return monitoring.receiver.delivered(lambda d: (d.alertname, d.status) == (standing, status), after=heard)

    first = settle(told("firing"), named=f"{standing} delivered", within_s=DELIVERED_WITHIN_S)
    assert first.ok, f"{standing}: {first.summary}"

    with monitoring.alertmanager.silenced({"alertname": OTHER}, "it outlives a restart") as silence:
        monitoring.restart()
        rules = settle(loaded_rules.well(monitoring), named="all rules are well", within_s=AGAIN_WITHIN_S)
        fires = settle(fires_again(monitoring, standing), named=f"{standing} fires", within_s=AGAIN_WITHIN_S)
        ended = settle(told("resolved"), named=f"{standing} called ended", within_s=QUIET_FOR_S)
        silences = {one.identity: one.state for one in monitoring.alertmanager.silences()}

    attach("silences", silences)
    assert rules.ok, rules.summary
    assert silences.get(silence) == "active", f"silence {silence} is {silences.get(silence, 'gone')} after the restart"
    assert fires.ok, f"{standing}: {fires.summary}"
    assert not ended.ok, f"{standing} was called ended: {ended.summary}"
    figure("alert fires again after a restart of both", fires.seconds, "s")


def fires_again(monitoring: Monitoring, alert: str) -> wait.Condition[None]:
    """Return the condition that an alert fires in Prometheus and is held by Alertmanager."""

    def look() -> wait.Observation[None]:
        in_prometheus = [one.state for one in monitoring.prometheus.alerts() if one.labels["alertname"] == alert]
        in_alertmanager = [one.state for one in monitoring.alertmanager.alerts() if one.labels["alertname"] == alert]
        state = f"Prometheus: {in_prometheus or 'nothing'}, Alertmanager: {in_alertmanager or 'nothing'}"
        return wait.Observation(in_prometheus == ["firing"] and in_alertmanager == ["active"], None, state)

    return wait.poll(look, every_s=0.5)
