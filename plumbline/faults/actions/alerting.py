"""Faults of the alerts: slips of the hand in a rule and in what proves it, rules that are gone, and ways that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.components.alerting.rules import RUNBOOKS
from plumbline.core import wait
from plumbline.faults.alerts.routes import nowhere, rerouted, webhook_at
from plumbline.faults.injuries.changes import changed, read, removed
from plumbline.faults.registry import fault, mutation

if TYPE_CHECKING:
    from plumbline.stack import Stack

_RULE = "prometheusrules.monitoring.coreos.com"
_LEARNED_WITHIN_S = 90.0
_PROVED_WITHIN_S = 600.0


@mutation("alert-without-runbook", breaks="ALR-001", injured="GethNodeDown", green=("HEL-006",))
def alert_without_runbook(copy: Path) -> None:
    """The link of an alert leads nowhere."""
    (copy / RUNBOOKS / "GethNodeDown.md").unlink()


# -- ALR-002: on the living stack -----------------------------------------------------------------------------------------


@fault("rules-deleted", breaks="ALR-002", injured="GethPeersLow", green=("MON-001",), within_s=_PROVED_WITHIN_S)
def rules_deleted(stack: Stack) -> Iterator[None]:
    """The PrometheusRule of the Geth nodes is deleted: nothing complains, and nothing would."""
    with removed(stack, _RULE, "geth", "ethereum"):
        gone = wait.holds(lambda: "GethPeersLow" not in {rule.name for rule in stack.monitoring.prometheus.rules()})
        wait.until(gone, named="the rules gone", within_s=_LEARNED_WITHIN_S)
        yield


@fault("rule-asks-in-vain", breaks="ALR-002", injured="GethPeersLow", green=("MON-001",), within_s=_PROVED_WITHIN_S)
def rule_asks_in_vain(stack: Stack) -> Iterator[None]:
    """A metric is renamed: the rule of before loads, is evaluated without failure, and finds nothing."""
    groups = read(stack, _RULE, "geth", "ethereum")["spec"]["groups"]
    for rule in groups[0]["rules"]:
        rule["expr"] = rule["expr"].replace("p2p_peers", "p2p_peers_renamed")
    with changed(stack, _RULE, "geth", "ethereum", {"spec": {"groups": groups}}):
        yield


# -- ALR-003: the ways of alerts ------------------------------------------------------------------------------------------


@fault("inhibition-lost", breaks="ALR-003", injured="GethPeersLow", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def inhibition_lost(stack: Stack) -> Iterator[None]:
    """No alert silences another one any more: whoever is woken reads all that follows from one cause."""
    with rerouted(stack, {"inhibitRules": []}):
        yield


@fault("receiver-mistyped", breaks="ALR-003", injured="critical", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def receiver_mistyped(stack: Stack) -> Iterator[None]:
    """Two letters of the URL that wakes people are exchanged: whoever is there instead takes what is not meant for him."""
    with webhook_at(stack, "critical", lambda url: url.replace("critical", "crtiical")):
        yield


@fault("webhook-dead", breaks="ALR-003", injured="warning", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def webhook_dead(stack: Stack) -> Iterator[None]:
    """Nobody takes alerts at a receiver's URL."""
    with webhook_at(stack, "warning", nowhere):
        yield
