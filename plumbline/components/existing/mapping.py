"""The map: a file in which a user names the parts of a stack that this project did not install, and what is demanded of them."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from plumbline.components.base import Workload
from plumbline.core import state
from plumbline.core.errors import ConfigError

R = TypeVar("R")
_WORDS: Mapping[Any, str] = {str: "text that is not empty", int: "whole number", float: "number"}


@dataclass(frozen=True)
class Cluster:
    """The cluster.

    Attributes:
        kubernetes: the version that every node should run, such as "v1.36.2".
        namespaces: the namespaces that belong to the stack; each should deny traffic by default.
    """

    kubernetes: str
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class Balancer:
    """A Service of type LoadBalancer.

    Attributes:
        namespace: where it is.
        service: its name.
        pool: the network that its address should come from, such as "172.18.0.0/16".
    """

    namespace: str
    service: str
    pool: str

    def __post_init__(self) -> None:
        """Refuse what is no network."""
        ipaddress.ip_network(self.pool)

    def holds(self, address: str) -> bool:
        """Return whether an address is one of the pool."""
        return ipaddress.ip_address(address) in ipaddress.ip_network(self.pool)


@dataclass(frozen=True)
class Host:
    """What clients outside ask for.

    Attributes:
        url: where it is dialled; its address need not be that of the host's name.
        host: the host that is asked for there.
        status: the HTTP status that it should answer to a GET.
    """

    url: str
    host: str
    status: int = 200


@dataclass(frozen=True)
class Node:
    """One execution client, at an address at which it alone answers.

    Attributes:
        name: how failures call it.
        url: where its JSON-RPC answers.
        host: the host that is asked for there; empty where the URL says it.
    """

    name: str
    url: str
    host: str = ""


@dataclass(frozen=True)
class Chain:
    """The network that the execution clients should follow, and how well.

    Attributes:
        chain_id: EIP-155.
        network_id: of the peer-to-peer network.
        genesis_hash: hash of block 0.
        fork_id: checksum of the forks that have passed (EIP-2124), as ``eth_config`` tells it; another one after each fork.
        peers: how many peers each client should have at least.
        oldest_head_s: how old a head may grow before the next one comes, in seconds.
        node: the clients.
    """

    chain_id: int
    network_id: int
    genesis_hash: str
    fork_id: str
    peers: int
    oldest_head_s: float
    node: tuple[Node, ...]


@dataclass(frozen=True)
class Monitoring:
    """Prometheus.

    Attributes:
        url: where it answers.
        host: the host that is asked for there; empty where the URL says it.
        pools: the scrape pools that should have targets, all of them up.
    """

    url: str
    pools: tuple[str, ...]
    host: str = ""


@dataclass(frozen=True)
class Map:
    """The whole map; what a stack has not, its map leaves out, and its controls are not run."""

    cluster: Cluster
    workload: tuple[Workload, ...] = ()
    load_balancer: tuple[Balancer, ...] = ()
    host: tuple[Host, ...] = ()
    chain: Chain | None = None
    monitoring: Monitoring | None = None

    @classmethod
    def read(cls, file: Path) -> Map:
        """Read a map.

        Raises:
            ConfigError: it cannot be read, or an entry is not what it should be.
        """
        return _made(cls, state.read_toml(file, str(file)), str(file))

    def text(self) -> str:
        """Return it as the file that says the same."""
        return "\n".join(_lines((), dataclasses.asdict(self))).strip() + "\n"


def _made(kind: type[R], values: Any, where: str) -> R:
    """Return an entry made of what a file says, whose keys are the attributes of its class."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {values!r}, and should be a table")
    hints = get_type_hints(kind)
    fields = {each.name: each for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - fields):
        raise ConfigError(f"{where} has an unknown key {', '.join(unknown)}; known are {', '.join(fields)}")
    made = {key: _value(hints[key], value, f"{where}: {key}") for key, value in values.items()}
    needed = {name for name, each in fields.items() if each.default is dataclasses.MISSING}
    if lacking := sorted(needed - values.keys()):
        raise ConfigError(f"{where} lacks {', '.join(lacking)}")
    try:
        return kind(**made)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _value(hint: Any, value: Any, where: str) -> Any:
    """Return a value of the type that an attribute has: a list, a table, or something plain."""
    parts = get_args(hint)
    if parts[-1:] == (...,):
        if not isinstance(value, list):
            raise ConfigError(f"{where} is {value!r}, and should be a list")
        return tuple(_value(parts[0], each, f"{where} {number}") for number, each in enumerate(value, 1))
    for kind in (hint, *parts):  # a table that may be left out is one of two parts
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return _made(kind, value, where)
    return _plain(hint, value, where)


def _plain(hint: Any, value: Any, where: str) -> Any:
    choices = get_args(hint)
    right = value in choices if choices else isinstance(value, (int, float) if hint is float else hint)
    if not right or isinstance(value, bool) or value == "":
        meant = f"one of {', '.join(choices)}" if choices else f"a {_WORDS[hint]}"
        raise ConfigError(f"{where} is {value!r}, and should be {meant}")
    return value


def _lines(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of TOML (https://toml.io): its plain values first, then the tables within."""
    inner = {key: value for key, value in table.items() if _is_table(value)}
    for key, value in table.items():
        if key not in inner and value not in (None, "", ()):
            yield f"{key} = {json.dumps(value)}"  # texts, numbers and lists of texts are written alike
    for key, value in inner.items():
        name = ".".join((*path, key))
        for each in value if isinstance(value, tuple) else (value,):
            yield ""
            yield f"[[{name}]]" if isinstance(value, tuple) else f"[{name}]"
            yield from _lines((*path, key), each)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, tuple) and any(isinstance(each, dict) for each in value))
