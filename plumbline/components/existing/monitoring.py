"""The Prometheus of a stack that others run, asked at the address that the map gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plumbline.components.existing import dial
from plumbline.components.existing.mapping import Monitoring
from plumbline.components.telemetry.prometheus import Questions
from plumbline.core import wait


@dataclass(frozen=True)
class PrometheusAt(Questions):
    """One Prometheus behind an address of its own.

    Attributes:
        url: where it is dialled.
        host: the host that is asked for there; empty where the URL says it.
    """

    url: str
    host: str

    def _ask(self, what: str, **query: Any) -> Any:
        with dial.expected(f"{self.url} is no Prometheus to", self.host), dial.client(self.url, self.host) as client:
            return client.get(f"/api/v1/{what}", params=query).raise_for_status().json()["data"]


@dataclass(frozen=True)
class MappedMonitoring:
    """What watches a stack."""

    mapped: Monitoring

    @property
    def prometheus(self) -> PrometheusAt:
        """Its API."""
        return PrometheusAt(self.mapped.url, self.mapped.host)

    def scraped(self) -> wait.Condition[int]:
        """Return a condition: each mapped pool has targets, and all are up; its value is their number."""

        def look() -> wait.Observation[int]:
            targets = [each for each in self.prometheus.targets() if each.pool in self.mapped.pools]
            empty = sorted(set(self.mapped.pools) - {target.pool for target in targets})
            wrong = [f"pool {pool} has no target" for pool in empty]
            wrong += [str(target) for target in targets if target.health != "up"]
            return wait.Observation(not wrong, len(targets), "; ".join(wrong) or f"{len(targets)} targets are up")

        return wait.poll(look, every_s=0.5)
