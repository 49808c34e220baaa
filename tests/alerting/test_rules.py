"""What is read out of the rules of the charts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from plumbline_beacon.metrics import DECLARED

from plumbline.components.alerting import rules
from plumbline.components.alerting.rules import Rule
from plumbline.core.paths import Paths
from reports.model import Control, Run
from reports.writers import openmetrics

PATHS = Paths.of()
HELM = PATHS.bin / "helm"
A_RUN = Run("r", "2026-11-27T12:00:00+00:00", 60, 0, {}, (Control("EXE-001", "ids", "proved"),), ())
OF_EVERYBODY = {
    "up",
    "kube_cronjob_created",
    "kube_cronjob_status_last_successful_time",
    "kube_job_failed",
    "kube_job_status_start_time",
}


@pytest.mark.parametrize(
    ("expr", "metrics"),
    [
        ('up{container="geth"} == 0', {"up"}),
        ("sum by (namespace) (rate(a_total[5m])) / b_total > 0.5", {"a_total", "b_total"}),
        ("p2p_peers offset 5m < 3 unless on (pod) x1", {"p2p_peers", "x1"}),
        ('absent(up{job="a"}) or absent(up{job="b"})', {"up"}),
        ('label_replace(kube_job_failed, "cronjob", "$1", "job_name", "(.+)-1") == 1', {"kube_job_failed"}),
        ("vector(1)", set()),
    ],
)
def test_the_metrics_that_a_condition_reads(rule: Rule, expr: str, metrics: set[str]) -> None:
    assert replace(rule, expr=expr).metrics == metrics


@pytest.mark.parametrize(("duration", "seconds"), [("0s", 0), ("90s", 90), ("5m", 300), ("6h", 21600), ("2d", 172800)])
def test_durations(duration: str, seconds: int) -> None:
    assert rules.seconds(duration) == seconds


def test_a_profile_is_that_of_its_values() -> None:
    """Under the test profile values.local.yaml applies; production has the defaults, even of a chart that is not for it."""
    test, prod = ({rule.name: rule for rule in rules.shipped(PATHS.charts, HELM, p)} for p in rules.PROFILES)

    assert test.keys() == prod.keys()
    assert test["GethFinalityStalled"].expr.endswith("> 98")
    assert prod["GethFinalityStalled"].expr.endswith("> 128")
    assert (test["HeliosStale"].for_s, prod["HeliosStale"].for_s) == (10, 120)
    assert [each["HarnessRunTooOld"].values["threshold"] for each in (test, prod)] == [120, 93600], (
        "the chart's local way has no rules"
    )
    assert all(rule.for_s <= 10 for rule in test.values()), "a live proof would take longer than it need"


def test_every_rule_reads_metrics_that_there_are() -> None:
    """Names of Geth are those of a running 1.17 (all that it tells); our own programs declare theirs; those of the platform are few."""
    known = {
        "geth-node": set((PATHS.root / "tests/alerting/geth-metrics.txt").read_text().split()),
        "beacon": set(DECLARED),
        "conformance": {line.split()[2] for line in openmetrics.lines(A_RUN) if line.startswith("# TYPE")},
        "helios": set(re.findall(r"'(helios_\w+)'", (PATHS.local / "helios/plumbline_helios/metrics.mjs").read_text())),
    }
    read = [rule for rule in rules.shipped(PATHS.charts, HELM, "test") if rule.chart in known]

    assert {rule.chart for rule in read} == set(known)
    assert {str(rule): gone for rule in read if (gone := rule.metrics - known[rule.chart] - OF_EVERYBODY)} == {}
