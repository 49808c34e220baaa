"""The live proof of alerts: caused, pending, firing, delivered, healed, resolved.

The moments at which a condition begins and ends are seen at the source, not by Prometheus, whose scrapes and evaluations are part
of what is measured.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from plumbline.core import events, wait
from plumbline.core.errors import PlumblineError
from plumbline.faults.alerts.causes import FIRING, RESOLVING, Cause, Symptom, load
from plumbline.faults.alerts.proofs import Outcome, Proof, Proved, Unproved

if TYPE_CHECKING:
    from plumbline.components.alerting.rules import Rule
    from plumbline.components.telemetry.alert_receiver import Delivery
    from plumbline.components.telemetry.prometheus import Alert
    from plumbline.stack import Stack

_BEGUN_WITHIN_S: Final = 600.0  # some injuries take long to prepare
_QUIET_WITHIN_S: Final = 120.0
_DELIVERED_WITHIN_S: Final = 60.0  # beyond the rule's own time; far above the bound, so that a late one is told as late
_ALERTS_EVERY_S: Final = 1.0


class Prover:
    """Proves alerts on a stack; causes that hurt different parts act at the same time."""

    def __init__(self, stack: Stack, rules: Iterable[Rule]) -> None:
        """Bind to a stack, and to the rules that it was given."""
        self._stack, self._rules = stack, {rule.name: rule for rule in rules}
        self._busy: set[str] = set()
        self._freed = threading.Condition()

    def prove(self, alerts: AbstractSet[str]) -> Proved:
        """Put the causes of some alerts through, and return what became of each; of one without a cause there is nothing."""
        began = time.monotonic()
        asked = [one.of(alerts) for one in load()]
        causes = [one for one in asked if one.symptoms]
        with ThreadPoolExecutor(max_workers=max(1, len(causes)), thread_name_prefix="cause") as pool:
            found = {alert: outcome for one in pool.map(self._alone, causes) for alert, outcome in one.items()}
        return Proved(found, time.monotonic() - began)

    def _alone(self, cause: Cause) -> dict[str, Outcome]:
        """Put a cause through while nothing else hurts its parts: it takes all of them at once, or waits."""
        parts = set(cause.parts)
        with self._freed:
            self._freed.wait_for(lambda: not self._busy & parts)
            self._busy |= parts
        try:
            with events.phase("alerts", cause.name):
                return self._through(cause)
        finally:
            with self._freed:
                self._busy -= parts
                self._freed.notify_all()

    def _through(self, cause: Cause) -> dict[str, Outcome]:
        injected, healed, given_up = threading.Event(), threading.Event(), threading.Event()
        trials = [_Trial(self._stack, cause, each, self._rules[each.alert], given_up) for each in cause.symptoms]
        with ExitStack() as kept, ThreadPoolExecutor(len(trials)) as pool:
            firing = []
            try:
                for trial in trials:
                    trial.quiet()
                firing += [pool.submit(trial.fires, injected.is_set) for trial in trials]
                with cause.inject(self._stack, kept):
                    injected.set()
                    wait_for(firing)
                    ending = [pool.submit(trial.ends, healed.is_set) for trial in trials if not trial.failed]
                healed.set()
                wait_for(ending)
            except Exception as error:  # noqa: BLE001  (whatever a cause does wrong is the result of its alerts)
                given_up.set()
                wait_for(firing)
                for trial in trials:
                    trial.failed = trial.unproved(f"{type(error).__name__}: {error}")
        return {trial.symptom.alert: trial.outcome for trial in trials}


class _Trial:
    """One alert of a cause, watched from its condition to the notice that it is over."""

    def __init__(self, stack: Stack, cause: Cause, symptom: Symptom, rule: Rule, given_up: threading.Event) -> None:
        self.stack, self.cause, self.symptom, self.rule, self._given_up = stack, cause, symptom, rule, given_up
        self._monitoring = stack.monitoring
        self._after = 0
        self._seen: dict[str, Any] = {}
        self.failed: Unproved | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return self.failed or Proof(self.rule, **self._seen)

    def quiet(self) -> None:
        """Wait until nothing is known of it, so that what comes is of this cause.

        Raises:
            Unproved: it fires already.
        """
        self._until(self._unknown(), "quiet before its cause", _QUIET_WITHIN_S)
        self._after = self._monitoring.receiver.last()

    def fires(self, injected: Callable[[], bool]) -> None:
        """Wait until the condition holds, the alert is pending, and it is delivered."""
        self._recording(self._fires, injected)

    def ends(self, healed: Callable[[], bool]) -> None:
        """Wait until the condition holds no more, and that is told."""
        self._recording(self._ends, healed)

    def _recording(self, act: Callable[[Callable[[], bool]], None], done: Callable[[], bool]) -> None:
        try:
            act(done)
        except Unproved as error:
            self.failed = error
        except (PlumblineError, OSError, LookupError, ValueError) as error:
            self.failed = self.unproved(f"{type(error).__name__}: {error}")

    def _fires(self, injected: Callable[[], bool]) -> None:
        begun = self.symptom.begun(self.stack) if self.symptom.begun else wait.holds(injected)
        self._until(begun, "its condition at the source", _BEGUN_WITHIN_S)
        self._seen["begun"] = time.time()
        if self.symptom.momentary:
            self._over(wait.holds(lambda: True))
        own_s = self._own(FIRING) + self.rule.for_s
        since = 0.0
        if self.rule.for_s:
            since = self._until(self._waits(), "pending", own_s + _DELIVERED_WITHIN_S)
        self._seen["pending"] = max(since, self._seen["begun"])
        self._seen["own_s"] = own_s
        self._seen["fired"] = fired = self._delivered(FIRING, own_s)
        if wrong := wrong_in(fired, self.rule):
            raise self.unproved(f"it was delivered with {'; '.join(wrong)}")

    def _ends(self, healed: Callable[[], bool]) -> None:
        if not self.symptom.momentary:
            self._over(wait.holds(healed))
        own_s = self._own(RESOLVING)
        self._seen["own_end_s"] = own_s
        self._seen["resolved"] = self._delivered("resolved", own_s)

    def _over(self, unseen: wait.Condition[Any]) -> None:
        ended = self.symptom.ended(self.stack) if self.symptom.ended else unseen
        self._until(ended, "the end of its condition", _BEGUN_WITHIN_S)
        self._seen["ended"] = time.time()

    def _own(self, what: str) -> float:
        return self.rule.window_s if what in self.symptom.window else 0

    def _delivered(self, status: str, own_s: float) -> Delivery:
        earlier: Delivery | None = self._seen.get("fired")
        labels = earlier.labels if earlier else {"alertname": self.rule.name, **self.symptom.labels}
        after = earlier.number if earlier else self._after

        def wanted(delivery: Delivery) -> bool:
            return delivery.status == status and labels.items() <= delivery.labels.items()

        delivered = self._monitoring.receiver.delivered(wanted, after=after)
        return self._until(delivered, f"{status}, delivered", own_s + _DELIVERED_WITHIN_S)

    def _waits(self) -> wait.Condition[float]:
        """Return the condition that the alert is pending, or was for its time while its condition was looked for at the source."""

        def look() -> wait.Observation[float]:
            found = self._known()
            since = min((datetime.fromisoformat(a.active_at).timestamp() for a in found), default=0.0)
            states = [a.state for a in found]
            waited = "pending" in states or ("firing" in states and time.time() - since >= self.rule.for_s)
            return wait.Observation(waited, since, f"Prometheus has it {', '.join(states) or 'not'}")

        return wait.poll(look, every_s=_ALERTS_EVERY_S)

    def _unknown(self) -> wait.Condition[None]:
        """Return the condition that Prometheus does not have the alert at all."""

        def look() -> wait.Observation[None]:
            states = [a.state for a in self._known()]
            return wait.Observation(not states, None, f"Prometheus has it {', '.join(states) or 'not'}")

        return wait.poll(look, every_s=_ALERTS_EVERY_S)

    def _known(self) -> list[Alert]:
        labels = {"alertname": self.rule.name, **self.symptom.labels}
        return [alert for alert in self._monitoring.prometheus.alerts() if labels.items() <= alert.labels.items()]

    def _until[T](self, condition: wait.Condition[T], what: str, within_s: float) -> T:
        named = f"{self.rule.name}: {what}"
        try:
            return wait.until(condition, named=named, within_s=within_s, cancelled=self._given_up)
        except wait.Timeout as error:
            raise self.unproved(f"not {what} within {within_s:.0f} s: {error.last}") from error

    def unproved(self, why: str) -> Unproved:
        """Return the error that says what is missing."""
        return Unproved(self.rule.name, self.cause.summary, why)


def wrong_in(delivery: Delivery, rule: Rule) -> list[str]:
    """Return what a delivered alert lacks of what its rule says, in words."""
    said: Mapping[str, str] = delivery.annotations
    wrong = [
        f"{key}={delivery.labels.get(key)}" for key, value in rule.labels.items() if delivery.labels.get(key) != value
    ]
    if said.get("runbook_url") != rule.annotations["runbook_url"]:
        wrong.append(f"the runbook {said.get('runbook_url')}")
    for key in ("summary", "description"):
        if not said.get(key) or "<no value>" in said[key] or "<error" in said[key]:
            wrong.append(f"the {key} {said.get(key)!r}")
    if (routed := rule.labels["severity"]) != delivery.receiver:
        wrong.append(f"the receiver {delivery.receiver} for severity {routed}")
    return wrong
