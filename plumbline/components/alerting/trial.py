"""Alerts that nobody has to cause: given to Alertmanager directly, to see what it makes of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.components.telemetry.alert_receiver import Delivery
from plumbline.core import wait

if TYPE_CHECKING:
    from plumbline.components.monitoring import Monitoring
    from plumbline.components.telemetry.alertmanager import Held

_FIRES_FOR = timedelta(minutes=5)


@dataclass
class AlertTrial:
    """Alerts of two namespaces that exist in their labels only, and that no other trial has."""

    monitoring: Monitoring
    namespace: str
    _after: int
    _raised: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def held(cls, monitoring: Monitoring) -> Iterator[AlertTrial]:
        """Try alerts while the block runs; those that still fire then are ended."""
        trial = cls(monitoring, f"trial-{time.time_ns() // 1_000_000}", monitoring.receiver.last())
        try:
            yield trial
        finally:
            monitoring.alertmanager.tell(trial._raised, until=datetime.now(UTC))

    def labels(self, alert: str, *, elsewhere: bool = False, **more: str) -> dict[str, str]:
        """Return the labels of an alert, of the trial's namespace or of the other one."""
        return {"alertname": alert, "namespace": f"{self.namespace}{'-elsewhere' if elsewhere else ''}", **more}

    def fire(self, *alerts: Mapping[str, str]) -> None:
        """Have alerts fire, all at once."""
        self._raised += [dict(alert) for alert in alerts]
        self.monitoring.alertmanager.tell(alerts, until=datetime.now(UTC) + _FIRES_FOR)

    def delivered(self, labels: Mapping[str, str]) -> wait.Condition[Delivery]:
        """Return a condition: an alert with some labels was delivered since the trial began."""
        return self.monitoring.receiver.delivered(lambda one: labels.items() <= one.labels.items(), after=self._after)

    def deliveries(self, labels: Mapping[str, str]) -> list[Delivery]:
        """Return every delivery of it since then."""
        _, heard = self.monitoring.receiver.heard(self._after, 0)
        return [one for one in heard if labels.items() <= one.labels.items()]

    def state(self, labels: Mapping[str, str]) -> Held:
        """Return what Alertmanager makes of an alert.

        Raises:
            LookupError: it has none with these labels.
        """
        found = [one for one in self.monitoring.alertmanager.alerts() if labels.items() <= one.labels.items()]
        if not found:
            raise LookupError(f"Alertmanager has no alert {labels['alertname']} of {labels['namespace']}")
        return found[0]
