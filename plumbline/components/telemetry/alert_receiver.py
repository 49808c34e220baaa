"""What Alertmanager has delivered, and waiting for the next delivery (charts/kube-prometheus-stack/files/receiver.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Kube

_LONG_POLL_S = 20.0
_AGAIN_S = 0.5


@dataclass(frozen=True)
class Delivery:
    """One alert in one notification.

    Attributes:
        number: counts all deliveries.
        at: when it arrived (seconds since the Unix epoch).
        receiver: Alertmanager's name of the receiver that it came by.
        status: firing or resolved.
        labels: of the alert, ``alertname`` among them.
        annotations: of the alert.
        starts_at: since when the alert fires (RFC 3339).
        ends_at: when it ended (RFC 3339; the year 1 while it fires).
    """

    number: int
    at: float
    receiver: str
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str
    ends_at: str

    @property
    def alertname(self) -> str:
        """Which alert it is."""
        return self.labels["alertname"]

    def __str__(self) -> str:
        """Say in words what came."""
        return f"{self.alertname} {self.status} (number {self.number}, by {self.receiver})"

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Delivery:
        """Read what the receiver keeps of one."""
        own = {key: kept[key] for key in ("number", "at", "receiver", "status", "labels", "annotations")}
        return cls(**own, starts_at=kept["startsAt"], ends_at=kept["endsAt"])


@dataclass(frozen=True)
class AlertReceiver:
    """The receiver in the cluster."""

    kube: Kube
    namespace: str
    service: str

    def last(self) -> int:
        """Return the number of the newest delivery; 0 where there was none since it started."""
        return self.heard(0, 0)[0]

    def heard(self, after: int, wait_s: float) -> tuple[int, list[Delivery]]:
        """Return the newest number, and what was delivered after one; waits some seconds where there is nothing yet."""
        path = f"/api/v1/namespaces/{self.namespace}/services/{self.service}:http/proxy/deliveries"
        answer = self.kube.request("GET", path, after=after, wait_s=wait_s)
        return int(answer["last"]), [Delivery.of(each) for each in answer["deliveries"]]

    def delivered(self, wanted: Callable[[Delivery], bool], *, after: int) -> wait.Condition[Delivery]:
        """Return a condition: something wanted was delivered after a number; it is told of each delivery as it comes."""
        return _Delivered(self, wanted, after)


@dataclass(frozen=True)
class _Delivered:
    receiver: AlertReceiver
    wanted: Callable[[Delivery], bool]
    after: int

    def observe(self, deadline: wait.Deadline) -> Iterator[wait.Observation[Delivery]]:
        after, seen = self.after, list[Delivery]()
        while not deadline.passed:
            try:
                # The newest number is smaller than before where the receiver was started again.
                after, new = self.receiver.heard(after, min(_LONG_POLL_S, deadline.left_s))
            except (PlumblineError, OSError) as error:
                yield _nothing(f"the receiver does not answer: {error}")
                wait.pause(_AGAIN_S, deadline)
                continue
            seen += new
            for each in filter(self.wanted, new):
                yield wait.Observation(True, each, str(each))
            yield _nothing(
                f"delivered meanwhile: {', '.join(map(str, seen[-5:]))}" if seen else "nothing was delivered"
            )


def _nothing(summary: str) -> wait.Observation[Delivery]:
    return wait.Observation(False, None, summary)  # type: ignore[arg-type]
