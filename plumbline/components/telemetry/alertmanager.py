"""What Alertmanager holds, asked through the API server (https://prometheus.io/docs/alerting/latest/clients)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.kube import metrics
from plumbline.kube.api import Kube


@dataclass(frozen=True)
class Held:
    """One alert that Prometheus has told it.

    Attributes:
        labels: all of them, ``alertname`` among them.
        annotations: as they were told last.
        receivers: who is told of it.
        state: active, suppressed or unprocessed.
        silenced_by: ids of the silences that keep it quiet.
        inhibited_by: fingerprints of the alerts that do.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    receivers: tuple[str, ...]
    state: str
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]


@dataclass(frozen=True)
class Silence:
    """One silence.

    Attributes:
        identity: its id.
        matchers: label -> value, of the alerts that it keeps quiet.
        comment: why.
        state: pending, active or expired.
    """

    identity: str
    matchers: Mapping[str, str]
    comment: str
    state: str


@dataclass(frozen=True)
class Alertmanager:
    """One Alertmanager behind a Service."""

    kube: Kube
    namespace: str
    service: str

    def alerts(self) -> list[Held]:
        """Return the alerts that it holds."""
        return [
            Held(
                each["labels"],
                each["annotations"],
                tuple(receiver["name"] for receiver in each["receivers"]),
                each["status"]["state"],
                tuple(each["status"]["silencedBy"]),
                tuple(each["status"]["inhibitedBy"]),
            )
            for each in self._ask("GET", "alerts")
        ]

    def tell(self, alerts: Iterable[Mapping[str, str]], *, until: datetime) -> None:
        """Tell it of alerts as Prometheus does, by their labels; they end at a moment."""
        body = [{"labels": dict(labels), "endsAt": until.isoformat()} for labels in alerts]
        self._ask("POST", "alerts", body=body)

    def silences(self) -> list[Silence]:
        """Return its silences, the expired ones among them."""
        return [
            Silence(
                each["id"],
                {matcher["name"]: matcher["value"] for matcher in each["matchers"]},
                each["comment"],
                each["status"]["state"],
            )
            for each in self._ask("GET", "silences")
        ]

    def configured_at(self) -> float:
        """Return when it took the configuration that it runs with (seconds since the Unix epoch).

        The configuration itself does not tell where a webhook leads: that counts as secret.
        """
        return metrics.at(self.kube, f"{self._base}/metrics")[
            "alertmanager_config_last_reload_success_timestamp_seconds"
        ]

    @contextmanager
    def silenced(self, matchers: Mapping[str, str], why: str, *, for_s: float = 3600) -> Iterator[str]:
        """Keep alerts with some labels quiet while the block runs, or for some seconds at most; yields the silence's id."""
        now = datetime.now(UTC)
        body = {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in matchers.items()
            ],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(seconds=for_s)).isoformat(),
            "createdBy": "plumbline",
            "comment": why,
        }
        identity = str(self._ask("POST", "silences", body=body)["silenceID"])
        try:
            yield identity
        finally:
            self._ask("DELETE", f"silence/{identity}")

    def _ask(self, method: str, what: str, **options: Any) -> Any:
        return self.kube.request(method, f"{self._base}/api/v2/{what}", **options)

    @property
    def _base(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/services/{self.service}:web/proxy"
