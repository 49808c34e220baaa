"""How a rule is altered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plumbline.components.alerting import mutants
from plumbline.components.alerting.rules import Rule


def altered(rule: Rule, kind: str) -> set[str]:
    return {mutant.rule.expr for mutant in mutants.of(rule) if mutant.what.startswith(kind)}


def test_comparison_threshold_hold_and_metric(rule: Rule) -> None:
    on = 'p2p_peers{namespace="default"}'

    assert altered(rule, "comparison") == {f"{on} <= 2", f"{on} > 2"}
    assert altered(rule, "threshold") == {f"{on} < 1", f"{on} < 3"}
    assert altered(rule, "metric") == {'p2p_peers_renamed{namespace="default"} < 2'}
    assert {mutant.rule.for_s for mutant in mutants.of(rule)} == {5, 10, 20}


@pytest.mark.parametrize(
    ("expr", "kind", "expected"),
    [
        ("a > 0.5", "threshold", {"a > 0.45", "a > 0.55"}),
        ("a - time() < 1209600", "threshold", {"a - time() < 1209599", "a - time() < 1209601"}),
        ("predict_linear(a[1m], 300) < 0", "threshold", {
            "predict_linear(a[1m], 270) < 0", "predict_linear(a[1m], 330) < 0",
            "predict_linear(a[1m], 300) < -1", "predict_linear(a[1m], 300) < 1",
        }),
        ("a == a offset 1m", "comparison", {"a != a offset 1m", "a > a offset 1m"}),
        ("a == a offset 1m", "window", {"a == a offset 30s", "a == a offset 120s"}),
        ("rate(a[1m]) / rate(b[1m]) > 1", "window", {"rate(a[30s]) / rate(b[30s]) > 1", "rate(a[120s]) / rate(b[120s]) > 1"}),
        ("vector(1)", "", set()),
    ],
)  # fmt: skip
def test_what_else_is_altered(rule: Rule, expr: str, kind: str, expected: set[str]) -> None:
    tried = replace(rule, expr=expr, values={"window": 60} if "1m" in expr else {})

    assert altered(tried, kind) - {expr} == expected


def test_a_rule_that_waits_for_nothing_is_made_to_wait(rule: Rule) -> None:
    assert {mutant.rule.for_s for mutant in mutants.of(replace(rule, for_s=0))} == {0, 60}


def test_a_mutant_says_what_it_is(rule: Rule) -> None:
    assert "PeersLow (test): for: 10 s -> 5 s" in {str(mutant) for mutant in mutants.of(rule)}
