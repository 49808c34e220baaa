"""Faults of monitoring: what nobody asks for any more, what does not answer, and a metric that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plumbline.components.monitoring import NAMESPACE, RELEASE
from plumbline.faults.injuries.changes import added, changed, read, removed
from plumbline.faults.injuries.nodes import restarted
from plumbline.faults.registry import fault

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_SERVICE_MONITOR = "servicemonitors.monitoring.coreos.com"
_LEARNED_WITHIN_S = 90.0  # the operator, the kubelet's next look at the pod, the reloader


@fault("monitor-gone", breaks="MON-001", injured="beacon-0", green=("CLU-001",), within_s=_LEARNED_WITHIN_S)
def monitor_gone(stack: Stack) -> Iterator[None]:
    """The beacon node's ServiceMonitor is deleted: Prometheus forgets it, and no target is down."""
    with removed(stack, _SERVICE_MONITOR, "beacon", "ethereum"):
        yield


@fault("target-closed", breaks="MON-001", injured="geth-follower", green=("CLU-001",), within_s=_LEARNED_WITHIN_S)
def target_closed(stack: Stack) -> Iterator[None]:
    """The follower's policy lets nobody read its metrics any more, and it restarts: what was connected would have stayed so."""
    rules = [
        rule
        for rule in read(stack, "networkpolicy", "geth-follower", "ethereum")["spec"]["ingress"]
        if rule["ports"] != [{"port": "metrics", "protocol": "TCP"}]
    ]
    with (
        changed(stack, "networkpolicy", "geth-follower", "ethereum", {"spec": {"ingress": rules}}),
        restarted(stack, "geth-follower-0"),
    ):
        yield


@fault("metric-gone", breaks="MON-002", injured="geth-follower-0", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def metric_gone(stack: Stack) -> Iterator[None]:
    """A relabelling of the follower's ServiceMonitor drops the number of its peers: the target is up, the metric is not there."""
    (endpoint,) = read(stack, _SERVICE_MONITOR, "geth-follower", "ethereum")["spec"]["endpoints"]
    dropped = [{"action": "drop", "sourceLabels": ["__name__"], "regex": "p2p_peers"}]
    change = {"spec": {"endpoints": [{**endpoint, "metricRelabelings": dropped}]}}
    with changed(stack, _SERVICE_MONITOR, "geth-follower", "ethereum", change):
        yield


@fault("rule-refused", breaks="MON-003", injured="PlumblineRefused", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def rule_refused(stack: Stack) -> Iterator[None]:
    """A rule that is no PromQL: the operator leaves it out, and says so in its log only."""
    with added(stack, _rules({"alert": "PlumblineRefused", "expr": "up =="})):
        yield


@fault("rule-failing", breaks="MON-003", injured="PlumblineFailing", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def rule_failing(stack: Stack) -> Iterator[None]:
    """A rule that joins many series with many: it loads, and no evaluation of it succeeds."""
    with added(stack, _rules({"alert": "PlumblineFailing", "expr": "up * on (job) up"})):
        yield


@fault("recording-empty", breaks="MON-003", injured="plumbline:nothing", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def recording_empty(stack: Stack) -> Iterator[None]:
    """A rule that records a metric that nobody has: it evaluates, and yields nothing."""
    with added(stack, _rules({"record": "plumbline:nothing", "expr": "plumbline_unknown"})):
        yield


@fault("rule-outdated", breaks="MON-003", injured="p2p_peers_number", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def rule_outdated(stack: Stack) -> Iterator[None]:
    """A rule that asks for a metric under the name that another version might have given it: it evaluates, and never fires."""
    with added(stack, _rules({"alert": "PlumblineOutdated", "expr": "p2p_peers_number < 2"})):
        yield


def _rules(rule: dict[str, str]) -> Object:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "plumbline-fault", "namespace": NAMESPACE, "labels": {"release": RELEASE}},
        "spec": {"groups": [{"name": "plumbline-fault", "rules": [rule]}]},
    }


@fault("metric-renamed", breaks="MON-004", injured="chain_head_safe", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def metric_renamed(stack: Stack) -> Iterator[None]:
    """Geth's dashboard asks for a metric under the name that another version might have given it."""
    name, key = "geth-dashboard", "go-ethereum-by-instance.json"
    text = read(stack, "configmap", name, "ethereum")["data"][key].replace("chain_head_safe", "chain_head_safe_number")
    with changed(stack, "configmap", name, "ethereum", {"data": {key: text}}):
        yield


@fault("panel-empty", breaks="MON-004", injured="Peers", green=("MON-001",), within_s=_LEARNED_WITHIN_S)
def panel_empty(stack: Stack) -> Iterator[None]:
    """A panel of Geth's dashboard asks for the peers of a node that does not exist."""
    name, key = "geth-dashboard", "go-ethereum-by-instance.json"
    text = read(stack, "configmap", name, "ethereum")["data"][key]
    altered = text.replace('p2p_peers{pod=~\\"$pod\\"}', 'p2p_peers{pod=\\"geth-9\\"}')
    with changed(stack, "configmap", name, "ethereum", {"data": {key: altered}}):
        yield
