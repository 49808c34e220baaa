"""The table of exceptions (``local/isolation/privileges.toml``): what pods may do beyond the restricted level, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from plumbline.components.isolation import census
from plumbline.components.isolation.restrictions import BEYOND_RESTRICTED, deviations
from plumbline.core import state
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Object

FILE = "isolation/privileges.toml"  # below local/
_KEYS = {"workloads", "deviations", "reason"}
_LEVEL = "pod-security.kubernetes.io/enforce"


@dataclass(frozen=True)
class Privileges:
    """The whole table: the reason for each deviation of each workload ("namespace/name")."""

    reasons: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, local: Path) -> Privileges:
        """Read the table of a checkout, whose folder ``local/`` is given.

        Raises:
            ConfigError: it cannot be read, or a row is not what it should be.
        """
        reasons: dict[str, dict[str, str]] = {}
        for row in state.read_toml(local / FILE, f"local/{FILE}").get("exception", []):
            if set(row) != _KEYS or not all(row.values()):
                raise ConfigError(f"local/{FILE}: each exception has {', '.join(sorted(_KEYS))}, not {row}")
            for workload in row["workloads"]:
                reasons.setdefault(workload, {}).update(dict.fromkeys(row["deviations"], row["reason"]))
        return cls(reasons)

    def unlisted(self, pods: Iterable[Object]) -> list[str]:
        """Return, in words, what pods may do though the table does not say so."""
        found = []
        for pod, workload, deviates in _deviating(pods):
            for one in sorted(deviates - set(self.reasons.get(workload, {}))):
                found.append(f"pod {pod} ({workload}) deviates by {one}, which local/{FILE} does not list")
        return found

    def stale(self, pods: Iterable[Object]) -> list[str]:
        """Return, in words, exceptions that nothing in the cluster needs."""
        needed: dict[str, set[str]] = {}
        for _, workload, deviates in _deviating(pods):
            needed.setdefault(workload, set()).update(deviates)
        return [
            f"local/{FILE} excepts {workload} by {one}, which "
            + ("it does not need" if workload in needed else "is not in the cluster")
            for workload, reasons in self.reasons.items()
            for one in reasons
            if one not in needed.get(workload, set())
        ]

    def too_lenient(self, namespaces: Iterable[Object], pods: Iterable[Object]) -> list[str]:
        """Return, in words, the namespaces with pods that admit more than the restricted level, with no exception that needs it."""
        excused = {
            workload.partition("/")[0]
            for workload, reasons in self.reasons.items()
            if any(one.rpartition(": ")[2] not in BEYOND_RESTRICTED for one in reasons)
        }
        used = {str(pod["metadata"]["namespace"]) for pod in pods} - excused
        levels = {str(n["metadata"]["name"]): n["metadata"].get("labels", {}).get(_LEVEL, "none") for n in namespaces}
        return [
            f"namespace {name} enforces the level {levels[name]}, though no exception of its pods needs more than restricted"
            for name in sorted(used)
            if levels[name] != "restricted"
        ]


def _deviating(pods: Iterable[Object]) -> list[tuple[str, str, set[str]]]:
    """Return each standing pod ("namespace/name"), its workload, and its deviations."""
    found = []
    for pod in census.standing(pods):
        workload, meta = census.workload(pod), pod["metadata"]
        named = workload.partition("/")[2]
        found.append((f"{meta['namespace']}/{meta['name']}", workload, deviations(pod["spec"], named)))
    return found
