"""The table of flows (``local/isolation/flows.toml``): who may open a connection to what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.core import state
from plumbline.core.errors import ConfigError
from plumbline.kube.api import Object

FILE = "isolation/flows.toml"  # below local/
NODE, OUTSIDE = "node", "outside"
API_SERVER, ANOTHER_NODE = "api-server", "another-node"  # what may send to pods of other nodes; its own reach every pod
_PLACES = (NODE, OUTSIDE, API_SERVER, ANOTHER_NODE)
_REQUIRED, _KEYS = {"to", "port", "from", "reason"}, {"to", "port", "from", "reason", "protocol", "online"}
_PROTOCOLS = ("TCP", "UDP")


@dataclass(frozen=True, order=True)
class Port:
    """A port, such as 8545/TCP."""

    number: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        """Show it as Kubernetes does."""
        return f"{self.number}/{self.protocol}"


@dataclass(frozen=True)
class Row:
    """One row of the table, for one place.

    Attributes:
        to: the place that listens: "namespace/workload", "node" or "outside".
        first: first port.
        last: last port.
        protocol: TCP or UDP.
        sources: the places that may.
        reason: why.
    """

    to: str
    first: int
    last: int
    protocol: str
    sources: frozenset[str]
    reason: str

    def covers(self, place: str, port: Port) -> bool:
        """Return whether the row is about a port of a place."""
        return (self.to, self.protocol) == (place, port.protocol) and self.first <= port.number <= self.last


@dataclass(frozen=True)
class Flows:
    """The whole table."""

    rows: tuple[Row, ...]

    @classmethod
    def read(cls, local: Path, *, online: bool) -> Flows:
        """Read the table of a checkout.

        Args:
            local: its folder ``local/``.
            online: whether the stack has business outside of the cluster; some rows are for that only.

        Raises:
            ConfigError: it cannot be read, or a row is not what it should be.
        """
        document = state.read_toml(local / FILE, f"local/{FILE}")
        groups = document.get("groups", {})
        rows = [(plain, row) for plain in document.get("flow", []) for row in _rows(plain, groups)]
        return cls(tuple(row for plain, row in rows if online or not plain.get("online")))

    @property
    def places(self) -> frozenset[str]:
        """Every place that the table names."""
        return frozenset(place for row in self.rows for place in (row.to, *row.sources))

    def lists(self, place: str, port: Port) -> bool:
        """Return whether any row is about a port of a place."""
        return any(row.covers(place, port) for row in self.rows)

    def allows(self, source: str, place: str, port: Port) -> bool:
        """Return whether a place may connect to a port of another; the node may reach everything."""
        return source == NODE or any(row.covers(place, port) and source in row.sources for row in self.rows)


def denies_by_default(policy: Object) -> bool:
    """Return whether a NetworkPolicy denies everything to and from every pod of its namespace."""
    return bool(policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def _rows(plain: Mapping[str, Any], groups: Mapping[str, list[str]]) -> list[Row]:
    where = f"local/{FILE}: the row to {plain.get('to', '(nowhere)')}, port {plain.get('port', '(none)')}"
    if lacking := sorted(_REQUIRED - set(plain)):
        raise ConfigError(f"{where} lacks {', '.join(lacking)}: a flow has {', '.join(sorted(_REQUIRED))}")
    if unknown := sorted(set(plain) - _KEYS):
        raise ConfigError(f"{where} has an unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    protocol = plain.get("protocol", _PROTOCOLS[0])
    if protocol not in _PROTOCOLS:
        raise ConfigError(f"{where} has the protocol {protocol}: it must be one of {', '.join(_PROTOCOLS)}")
    if not plain["reason"].strip():
        raise ConfigError(f"{where} gives no reason: say why it may be, or what the port is for")
    first, last = _range(plain["port"], where)
    sources = frozenset(_places(plain["from"], groups, where))
    return [Row(to, first, last, protocol, sources, plain["reason"]) for to in _places([plain["to"]], groups, where)]


def _range(port: int | str, where: str) -> tuple[int, int]:
    first, _, last = str(port).partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and 0 < int(first) <= int(last or first) < 65536):
        raise ConfigError(f"{where} is not a port: write a number, or first-last")
    return int(first), int(last or first)


def _places(names: Iterable[str], groups: Mapping[str, list[str]], where: str) -> list[str]:
    """Return the places that names mean; a group means its members."""
    found = []
    for name in names:
        members = groups.get(name, [name])
        if name not in groups and name not in _PLACES and name.count("/") != 1:
            raise ConfigError(
                f'{where} names "{name}": it must be namespace/workload, a group, or one of {", ".join(_PLACES)}'
            )
        found += members
    return found
