"""What became of alerts that were caused: when each was delivered, and how late that was.

What is late is late beyond what the rule itself asks for: its window and its ``for``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.core.errors import PlumblineError

if TYPE_CHECKING:
    from plumbline.components.alerting.rules import Rule
    from plumbline.components.telemetry.alert_receiver import Delivery


@dataclass(frozen=True)
class Proof:
    """What became of one alert; moments are seconds since the Unix epoch.

    Attributes:
        rule: the rule.
        begun: when its condition held at the source.
        pending: when Prometheus was first seen to have it, pending where it has to wait.
        fired: what was delivered.
        ended: when its condition held no more.
        resolved: what was delivered then.
        own_s: what the rule itself asks for until it fires, in seconds.
        own_end_s: and until it ends.
    """

    rule: Rule
    begun: float
    pending: float
    fired: Delivery
    ended: float
    resolved: Delivery
    own_s: float
    own_end_s: float

    @property
    def delivered_late_s(self) -> float:
        """From the condition to its delivery, beyond what the rule asks for."""
        return self.fired.at - self.begun - self.own_s

    @property
    def resolved_late_s(self) -> float:
        """From the end of the condition to the notice of it, beyond what the rule asks for."""
        return self.resolved.at - self.ended - self.own_end_s

    def __str__(self) -> str:
        """Tell it in a line."""
        own = f"its own {self.own_s:.0f} s, then {self.delivered_late_s:.1f} s to its delivery"
        return f"{self.rule.name}: {own}; ended, {self.own_end_s:.0f} s of its own, then {self.resolved_late_s:.1f} s"


class Unproved(PlumblineError):
    """An alert did not do what it should."""

    def __init__(self, alert: str, cause: str, why: str) -> None:
        """Keep the alert, what caused it, and what was missing."""
        self.alert, self.cause, self.why = alert, cause, why
        super().__init__(f"{alert}: {why} (caused by: {cause})")


Outcome = Proof | Unproved


@dataclass(frozen=True)
class Proved:
    """What became of the alerts that were put through together.

    Attributes:
        outcomes: by the alert's name.
        took_s: how long all of them took, in seconds.
    """

    outcomes: Mapping[str, Outcome]
    took_s: float

    @property
    def proofs(self) -> list[Proof]:
        """Those that did what they should."""
        return [one for one in self.outcomes.values() if isinstance(one, Proof)]
