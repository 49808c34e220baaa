"""What causes alerts on the living stack."""

from __future__ import annotations

from fixtures.alerting import proved_live
from plumbline.faults.alerts import causes


def test_every_cause_brings_about_alerts_that_are_shipped() -> None:
    caused = {symptom.alert for one in causes.load() for symptom in one.symptoms}

    assert caused - set(proved_live()) == set()


def test_a_cause_says_what_goes_wrong() -> None:
    assert [one.name for one in causes.load() if not one.summary.endswith((".", "…"))] == []


def test_a_cause_is_narrowed_to_what_is_asked() -> None:
    one = next(one for one in causes.load() if len(one.symptoms) > 1)

    assert [symptom.alert for symptom in one.of({one.symptoms[0].alert}).symptoms] == [one.symptoms[0].alert]
    assert one.of(set()).symptoms == ()
