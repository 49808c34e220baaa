"""What causes alerts on the living stack."""

from __future__ import annotations

from typing import Any

from fixtures.alerting import OF_HARNESS, proved_live
from plumbline.core import wait
from plumbline.core.patience import settle
from plumbline.faults.alerts import causes
from plumbline.faults.alerts.causes import Sight


def test_every_cause_brings_about_alerts_that_are_shipped() -> None:
    caused = {symptom.alert for one in causes.load() for symptom in one.symptoms}

    assert caused - set(proved_live()) - OF_HARNESS == set()


def test_a_cause_says_what_goes_wrong() -> None:
    assert [one.name for one in causes.load() if not one.summary.endswith((".", "…"))] == []


def test_a_cause_is_narrowed_to_what_is_asked() -> None:
    one = next(one for one in causes.load() if len(one.symptoms) > 1)

    assert [symptom.alert for symptom in one.of({one.symptoms[0].alert}).symptoms] == [one.symptoms[0].alert]
    assert one.of(set()).symptoms == ()


def test_what_is_seen_begins_and_ends() -> None:
    shown = iter([(False, "2 peers"), (True, "1 peer"), (True, "1 peer"), (False, "2 peers")])
    few = Sight(lambda _: next(shown))
    stack: Any = None

    wait.until(few.begun(stack), named="few peers", within_s=5)
    wait.until(few.ended(stack), named="enough peers", within_s=5)

    assert next(shown, None) is None


def test_what_cannot_be_looked_at_has_neither_begun_nor_ended() -> None:
    def refuse(_: Any) -> tuple[bool, str]:
        raise ConnectionRefusedError("nobody answers")

    stack: Any = None

    for condition in (Sight(refuse).begun(stack), Sight(refuse).ended(stack)):
        seen = settle(condition, named="a sight", within_s=0.01)
        assert not seen.ok
        assert "nobody answers" in seen.summary
