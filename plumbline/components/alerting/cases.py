"""What proves each rule without a cluster: series on which it must fire, and series on which it must not, just below that.

A table has an entry for each alert (suites/prod/alerts.yaml)::

    GethPeersLow:
      labels: {namespace: ethereum, pod: geth-0}
      fires: {p2p_peers: threshold - 1}
      quiet: {p2p_peers: threshold}

``labels`` are those of every series, and of the alert; a series may have more. A series is a formula of ``t``, the seconds since the
beginning. It knows the rule's own values (threshold, window, …, durations in seconds; its ``for`` is called ``hold``), ``step``, the
seconds between two samples, ``last``, the last moment that is looked at, and ``none``, where there is no sample.

``after`` says when the condition comes to hold (default: at once), ``ends`` the last moment at which it still does (default: never).
An entry may be a list of such proofs. They hold for every profile (:mod:`~plumbline.components.alerting.unit_tests`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from plumbline.components.alerting.rules import Rule
from plumbline.core.errors import ConfigError

Series = Mapping[str, str | float]
NEVER: Final = "never"


@dataclass(frozen=True)
class Case:
    """One proof of a rule.

    Attributes:
        labels: of every series, and of the alert.
        fires: series on which it fires; None where this proof is about the other side only.
        quiet: series on which it does not; None likewise.
        always: whether it fires whatever happens, by its nature.
        after: formula of the time when the condition comes to hold, in seconds.
        ends: formula of the last moment at which it still does, in seconds; None where it goes on.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    fires: Series | None = None
    quiet: Series | None = None
    always: bool = False
    after: str | float = 0
    ends: str | float | None = None


class Table:
    """The proofs of all rules, by the name of the alert."""

    def __init__(self, cases: Mapping[str, list[Case]]) -> None:
        """Take the proofs of each."""
        self._cases = cases

    @classmethod
    def read(cls, file: Path) -> Table:
        """Read a table.

        Raises:
            ConfigError: it has a key that is not known.
        """
        return cls({name: list(_cases(name, entry)) for name, entry in yaml.safe_load(file.read_text()).items()})

    @property
    def names(self) -> set[str]:
        """The alerts that it knows."""
        return set(self._cases)

    def of(self, rule: Rule) -> list[Case]:
        """Return the proofs of a rule; none where the table does not know it."""
        return self._cases.get(rule.name, [])

    def lacks(self, rule: Rule) -> list[str]:
        """Return what a rule is not proved by: firing, not firing just below, or both."""
        cases = self.of(rule)
        fires = any(case.fires is not None for case in cases)
        quiet = any(case.quiet is not None or case.always for case in cases)
        return [side for side, there in (("fires", fires), ("quiet", quiet)) if not there]


def _cases(name: str, entry: Any) -> Iterator[Case]:
    for row in entry if isinstance(entry, list) else [entry]:
        if unknown := set(row) - {"labels", "fires", "quiet", "after", "ends"}:
            raise ConfigError(f"the proofs of {name} have {', '.join(sorted(unknown))}, which is not known there")
        always = row.get("quiet") == NEVER
        yield Case(**{**row, "quiet": None if always else row.get("quiet"), "always": always})
