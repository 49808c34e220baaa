"""Every alert that is shipped has a cause on the living stack."""

from __future__ import annotations

from fixtures.alerting import proved_live
from plumbline.faults import causes

TAKE_EPOCHS = ["HeliosWithoutFinality"]  # suites/alerts says so, too


def test_every_alert_has_a_cause_and_every_cause_an_alert() -> None:
    caused = [symptom.alert for one in causes.load() for symptom in one.symptoms]

    assert sorted([*caused, *TAKE_EPOCHS]) == proved_live()


def test_a_cause_says_what_goes_wrong() -> None:
    assert [one.name for one in causes.load() if not one.summary.endswith((".", "…"))] == []


def test_a_cause_is_narrowed_to_what_is_asked() -> None:
    one = next(one for one in causes.load() if len(one.symptoms) > 1)

    assert [symptom.alert for symptom in one.of({one.symptoms[0].alert}).symptoms] == [one.symptoms[0].alert]
    assert one.of(set()).symptoms == ()
