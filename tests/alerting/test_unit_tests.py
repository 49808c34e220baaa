"""What promtool is asked of a rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plumbline.components.alerting import unit_tests
from plumbline.components.alerting.cases import Case, Table
from plumbline.components.alerting.rules import Rule
from plumbline.core.errors import ConfigError

LABELS = {"pod": "geth-0"}


def test_it_must_fire_at_its_time_and_not_before(rule: Rule) -> None:
    (test,) = unit_tests.of(rule, [Case(LABELS, fires={"p2p_peers": "threshold - 1"})])["tests"]

    assert test["input_series"] == [{"series": 'p2p_peers{pod="geth-0"}', "values": "1.0 1.0 1.0"}]
    assert [(check["eval_time"], check["exp_alerts"]) for check in test["alert_rule_test"]] == [
        ("5s", []),
        ("10s", [{"exp_labels": {"pod": "geth-0", "severity": "warning"}}]),
    ]


def test_it_must_be_quiet_to_the_end(rule: Rule) -> None:
    (test,) = unit_tests.of(rule, [Case(LABELS, quiet={"p2p_peers": "threshold"})])["tests"]

    assert [(check["eval_time"], check["exp_alerts"]) for check in test["alert_rule_test"]] == [
        ("10s", []),
        ("40s", []),
    ]


def test_it_must_end(rule: Rule) -> None:
    (test,) = unit_tests.of(rule, [Case(LABELS, fires={"p2p_peers": "1 if t <= 20 else none"}, ends="20")])["tests"]

    assert test["input_series"][0]["values"] == "1.0 1.0 1.0 1.0 1.0 _"
    assert [check["eval_time"] for check in test["alert_rule_test"]] == ["5s", "10s", "20s", "25s"]


def test_a_series_may_have_labels_of_its_own(rule: Rule) -> None:
    (test,) = unit_tests.of(rule, [Case(LABELS, fires={'a{pod="geth-1",code="500"}': 1})])["tests"]

    assert test["input_series"][0]["series"] == 'a{pod="geth-1",code="500"}'


@pytest.mark.parametrize(
    ("window_s", "for_s", "step_s"),
    [(0, 10, 5), (40, 5, 1), (60, 0, 15), (20, 10, 5), (0, 300, 60), (21600, 3600, 60), (0, 0, 60)],
)
def test_samples_meet_every_duration(rule: Rule, window_s: int, for_s: int, step_s: int) -> None:
    assert unit_tests.step_of(replace(rule, for_s=for_s, values={"window": window_s})) == step_s


@pytest.mark.parametrize(
    ("cases", "lacks"),
    [
        ([], ["fires", "quiet"]),
        ([Case(fires={})], ["quiet"]),
        ([Case(quiet={})], ["fires"]),
        ([Case(fires={}), Case(quiet={})], []),
        ([Case(fires={}, always=True)], []),
    ],
)
def test_what_a_rule_is_not_proved_by(rule: Rule, cases: list[Case], lacks: list[str]) -> None:
    assert Table({rule.name: cases}).lacks(rule) == lacks


def test_a_table_is_read(rule: Rule, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text("PeersLow: {fires: {p2p_peers: 1}, quiet: {p2p_peers: 2}}\nAlways: [{fires: {}, quiet: never}]\n")

    table = Table.read(file)

    assert table.names == {"PeersLow", "Always"}
    assert table.of(rule) == [Case(fires={"p2p_peers": 1}, quiet={"p2p_peers": 2})]
    assert table.lacks(replace(rule, name="Always")) == []


def test_a_slip_in_a_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text("PeersLow: {fire: {p2p_peers: 1}}\n")

    with pytest.raises(ConfigError, match="the proofs of PeersLow have fire"):
        Table.read(file)
