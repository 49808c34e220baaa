"""ALR-001: every alert rule is proved by unit tests, under the profile of tests and that of production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.alerting import mutants, unit_tests
from plumbline.components.alerting.rules import PROFILES, RUNBOOKS, SEVERITIES
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.components.alerting.cases import Table
    from plumbline.components.alerting.promtool import Promtool
    from plumbline.components.alerting.rules import Profile, Rule

MUTATION_SCORE = 0.95


@pytest.mark.control("ALR-001")
def test_every_rule_has_its_proofs(alert_rules: dict[Profile, list[Rule]], alert_proofs: Table) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: look up each rule that a chart ships among the proofs (suites/prod/alerts.yaml), and the other way round.
    Expected: each rule has series on which it fires, and series on which it does not; no proof is of a rule that nobody ships.
    """
    rules = [rule for profile in PROFILES for rule in alert_rules[profile]]
    lacking = {rule.name: lacks for rule in rules if (lacks := alert_proofs.lacks(rule))}
    assert rules, "no chart ships an alert rule, so nothing is proved"
    assert not lacking, "\n".join(f"{name} has no proof of: {' and '.join(lacks)}" for name, lacks in lacking.items())
    stray = alert_proofs.names - {rule.name for rule in rules}
    assert not stray, f"there are proofs of {', '.join(sorted(stray))}, which no chart ships"


@pytest.mark.control("ALR-001")
def test_every_rule_says_what_whom_it_wakes_needs(alert_rules: dict[Profile, list[Rule]], checkout: Path) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: read each rule's labels and annotations; look for the file of its runbook.
    Expected: each has a severity that is routed, a summary, a description, and the link to a runbook of its own that is there.
    """
    wrong = []
    for rule in (rule for profile in PROFILES for rule in alert_rules[profile]):
        if (severity := rule.labels.get("severity")) not in SEVERITIES:
            wrong.append(f"{rule}: its severity is {severity}, and none of {', '.join(SEVERITIES)}")
        wrong += [f"{rule} has no {key}" for key in ("summary", "description") if not rule.annotations.get(key)]
        if not rule.annotations.get("runbook_url", "").endswith(f"/{rule.name}.md"):
            wrong.append(f"{rule} does not link to its runbook: {rule.annotations.get('runbook_url')}")
        if not (checkout / RUNBOOKS / f"{rule.name}.md").is_file():
            wrong.append(f"{rule} has no runbook: write {RUNBOOKS}/{rule.name}.md")
    assert not wrong, "\n".join(wrong)


@pytest.mark.control("ALR-001")
@pytest.mark.parametrize("profile", PROFILES)
def test_every_rule_fires_on_its_condition_and_not_just_below(
    profile: Profile, alert_rules: dict[Profile, list[Rule]], alert_proofs: Table, promtool: Promtool
) -> None:
    """Preconditions: none; no cluster is needed.
    Steps: have promtool evaluate each rule on its series: those on which it must fire, at the moment when it must, just before
    and just after; and those on which it must not.
    Expected: it does as it must.
    """
    tested = {str(rule): (rule, unit_tests.of(rule, alert_proofs.of(rule))) for rule in alert_rules[profile]}

    failed = promtool.failures(tested)

    assert not failed, "\n".join(f"{rule} is not what its proofs say:\n{said}" for rule, said in failed.items())


@pytest.mark.control("ALR-001")
def test_every_alteration_of_a_rule_is_noticed(
    alert_rules: dict[Profile, list[Rule]], alert_proofs: Table, promtool: Promtool
) -> None:
    """Preconditions: each rule passes its unit tests.
    Steps: alter each rule in one point (comparison, threshold, window, ``for``, the name of a metric), and put it to the same tests.
    Expected: they fail for at least 95 of 100 alterations; those that they do not notice are listed.
    """
    altered = {
        str(mutant): (mutant.rule, tests)
        for rule in (rule for profile in PROFILES for rule in alert_rules[profile])
        for tests in [unit_tests.of(rule, alert_proofs.of(rule))]
        for mutant in mutants.of(rule)
    }

    unnoticed = sorted(altered.keys() - promtool.failures(altered).keys())

    attach("alterations that no unit test notices", "\n".join(unnoticed) or "none")
    score = 1 - len(unnoticed) / len(altered)
    figure("alterations of alert rules that a unit test notices", score * 100, "%")
    assert score >= MUTATION_SCORE, f"{len(unnoticed)} of {len(altered)} are not noticed:\n" + "\n".join(unnoticed)
