"""Faults of the alerts: slips of the hand in a rule, and in what proves it."""

from __future__ import annotations

from pathlib import Path

from plumbline.components.alerting.rules import RUNBOOKS
from plumbline.faults.registry import mutation

_OF_GETH = "charts/geth-node/templates/rules.yaml"
_PROOFS = "suites/prod/alerts.yaml"


@mutation("alert-comparison-slipped", breaks="ALR-001", injured="GethPeersLow", green=("HEL-006",))
def alert_comparison_slipped(copy: Path) -> None:
    """A rule fires on a node that has just enough peers."""
    _replace(copy / _OF_GETH, "p2p_peers{{ $nodes }} <", "p2p_peers{{ $nodes }} <=")


@mutation("alert-threshold-written-down", breaks="ALR-001", injured="GethFinalityStalled", green=("HEL-006",))
def alert_threshold_written_down(copy: Path) -> None:
    """A threshold stands in the rule instead of its profile: production is woken by what is normal there."""
    _replace(copy / _OF_GETH, "> {{ .GethFinalityStalled.threshold }}", "> 98")


@mutation("alert-metric-renamed", breaks="ALR-001", injured="GethRpcErrors", green=("HEL-006",))
def alert_metric_renamed(copy: Path) -> None:
    """A rule asks for a metric by a name that nobody gives."""
    _replace(copy / _OF_GETH, "rate(rpc_failure{{", "rate(rpc_failures{{")


@mutation("alert-unproved", breaks="ALR-001", injured="HeliosStale", green=("HEL-006",))
def alert_unproved(copy: Path) -> None:
    """A rule is shipped without anything that proves it."""
    _replace(copy / _PROOFS, "\nHeliosStale:", "\nHeliosOld:")


@mutation("alert-without-runbook", breaks="ALR-001", injured="GethNodeDown", green=("HEL-006",))
def alert_without_runbook(copy: Path) -> None:
    """The link of an alert leads nowhere."""
    (copy / RUNBOOKS / "GethNodeDown.md").unlink()


@mutation("alert-without-severity", breaks="ALR-001", injured="GethNodeDown", green=("HEL-006",))
def alert_without_severity(copy: Path) -> None:
    """An alert has a severity that no route knows."""
    _replace(copy / _OF_GETH, "severity: critical", "severity: urgent")


def _replace(file: Path, before: str, after: str) -> None:
    """Replace the first of some text in a file, which must have it."""
    text = file.read_text()
    assert before in text, f"{file.name} has no {before!r}"
    file.write_text(text.replace(before, after, 1))
