"""Whether the rules that the charts brought are those that Prometheus evaluates, and how their last evaluation went."""

from __future__ import annotations

from plumbline.components.monitoring import RELEASE, Monitoring
from plumbline.components.telemetry.prometheus import gone
from plumbline.core import wait
from plumbline.kube.api import Object

_SELECTED = f"release={RELEASE}"


def brought(monitoring: Monitoring) -> set[tuple[str, str]]:
    """Return group and name of each rule in the cluster's PrometheusRules that Prometheus is to take."""
    found: list[Object] = monitoring.kube.objects("PrometheusRule", None, selector=_SELECTED)
    return {
        (group["name"], rule.get("alert") or rule["record"])
        for each in found
        for group in each["spec"]["groups"]
        for rule in group["rules"]
    }


def well(monitoring: Monitoring) -> wait.Condition[int]:
    """Return a condition: each rule is loaded, evaluates, and asks for metrics that there are; its value is their number.

    A recording rule yields series, too.
    """

    def look() -> wait.Observation[int]:
        rules, wanted = monitoring.prometheus.rules(), brought(monitoring)
        lacking = [f"{name} (group {group}) is not loaded" for group, name in sorted(wanted - {r.key for r in rules})]
        lacking += [str(rule) for rule in rules if rule.health != "ok"]
        known = monitoring.prometheus.metric_names() | monitoring.prometheus.declared_names()
        for rule in rules:
            if names := gone(monitoring.prometheus.selected(rule.query), known):
                lacking.append(f"{rule.name} (group {rule.group}) asks for {', '.join(names)}, which no target has")
        recorded = {rule.name for rule in rules if rule.kind == "recording" and rule.health == "ok"}
        lacking += [f"{name} yields no series" for name in sorted(recorded) if not monitoring.prometheus.query(name)]
        return wait.Observation(not lacking, len(rules), "; ".join(lacking) or f"{len(rules)} rules are well")

    return wait.poll(look, every_s=1)
