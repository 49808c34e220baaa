"""The one configuration object: options, then plumbline.toml, then defaults; unknown keys are errors."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from plumbline.core import state
from plumbline.core.errors import ConfigError

FILE = "plumbline.toml"
# KinD makes a host name of it, "<name>-control-plane", and those have at most 63 characters (RFC 1123).
_NAME_LENGTH = 49
_NAME = re.compile(rf"(?=.{{1,{_NAME_LENGTH}}}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")

_READ = ("context", "kubeconfig", "map")  # which existing cluster is read, and how: of no stack that we bring up
_NUMBERS = ("rto_s", "rpo_blocks", "rpo_crash_blocks")  # what drills are held to; stacks do not differ by them
_URL = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")


@dataclass(frozen=True)
class Config:
    """What a run is asked to do. Every attribute is an option, and a key of plumbline.toml.

    Attributes:
        target: a local KinD cluster of our own, or an existing one that is only read.
        context: of an existing cluster: the context of its kubeconfig by which it is read.
        kubeconfig: that file.
        map: the file that names the parts of the stack there.
        network: the Ethereum network that Geth follows.
        helios_network: the network that Helios follows (default: the devnet; with Geth on a public network, no Helios).
        images: pull images, build them, or decide by what can be reached.
        registry_mirror: URL of the registry that images are pulled from, whatever their upstream registry.
        allow_unpinned: pull images whose digest the image lock does not record, too.
        profile: thresholds and windows of alerts: short for tests, or those of production.
        keep: leave the stack standing after a green run too.
        fresh: replace a standing stack instead of using it again.
        cluster_name: name of the KinD cluster.
        nodes: one node, or a control plane with two workers (local/kind-config.multi.yaml).
        reach: how this machine gets to the ingress: at its own address, by mapped ports, or as the engine's network allows.
        beacon_api: URL of a Beacon API with light-client support, for public networks.
        checkpoint: root of a finalized block of that network (0x and 64 hex digits), for public networks.
        helios_beacon_api: the same for Helios, where it follows another network than Geth.
        helios_checkpoint: likewise.
        helios_execution_rpc: URL of an execution client's JSON-RPC that Helios asks, where that is not our Geth.
        rto_s: how long a drill's restore may take, from its beginning until clients are served, in seconds.
        rpo_blocks: how many blocks a snapshot of a node that was stopped gracefully may lack.
        rpo_crash_blocks: the same of a node that was running: Geth's layers in memory, the history of states that
            charts/geth-node keeps, and the one that is being flushed.
    """

    target: Literal["kind", "existing"] = "kind"
    context: str | None = None
    kubeconfig: str | None = None
    map: str | None = None
    network: Literal["devnet", "sepolia", "mainnet"] = "devnet"
    helios_network: Literal["devnet", "sepolia", "mainnet"] | None = None
    images: Literal["auto", "pull", "build"] = "auto"
    registry_mirror: str | None = None
    allow_unpinned: bool = False
    profile: Literal["test", "prod"] = "test"
    keep: bool = False
    fresh: bool = False
    cluster_name: str = "ethereum-cluster"
    nodes: Literal["single", "multi"] = "single"
    reach: Literal["auto", "direct", "mapped"] = "auto"
    beacon_api: str | None = None
    checkpoint: str | None = None
    helios_beacon_api: str | None = None
    helios_checkpoint: str | None = None
    helios_execution_rpc: str | None = None
    rto_s: float = 20.0
    rpo_blocks: int = 0
    rpo_crash_blocks: int = 128 + 64 + 1

    @classmethod
    def load(cls, root: Path, options: Mapping[str, Any] | None = None) -> Config:
        """Return the configuration of the checkout at ``root``.

        Args:
            root: folder that may hold a plumbline.toml.
            options: values from a command line; None means "not given".

        Raises:
            ConfigError: a key is unknown, or a value is not allowed; the message names it and what is.
        """
        file = root / FILE
        values: dict[str, Any] = {}
        if file.exists():
            values = state.read_toml(file, FILE)
            _check(values, where=FILE)
        given = {key: _number(key, value) for key, value in (options or {}).items() if value is not None}
        _check(given, where="the command line")
        return cls(**{**values, **given})

    def describe(self) -> dict[str, Any]:
        """Return the values that make one stack different from another (what a standing stack is compared by)."""
        kept = dataclasses.asdict(self)
        for passing in ("keep", "fresh", "registry_mirror", "allow_unpinned", *_READ, *_NUMBERS):
            kept.pop(passing)
        return kept

    def chosen(self) -> dict[str, Any]:
        """Return the options that ask another command for the same stack: those that are not as they are by default."""
        default = Config()
        named = {name: getattr(self, name) for name in (*self.describe(), *_READ)}
        return {name: value for name, value in named.items() if value != getattr(default, name)}


def _check(values: Mapping[str, Any], *, where: str) -> None:
    """Refuse unknown keys and values that are not allowed, naming both and the remedy."""
    hints = get_type_hints(Config)
    for key, value in values.items():
        if key not in hints:
            near = get_close_matches(key, hints, n=1)
            meant = f'; did you mean "{near[0]}"?' if near else f"; known are {', '.join(sorted(hints))}"
            raise ConfigError(f'{where} has an unknown key "{key}"{meant}')
        allowed = _allowed(hints[key])
        if allowed and value not in allowed:
            raise ConfigError(f'{where}: {key} = "{value}" is not possible; choose one of {", ".join(allowed)}')
        if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, hints[key])) or value < 0):
            kind = "a whole number" if hints[key] is int else "a number"
            raise ConfigError(f"{where}: {key} = {value!r} is not possible; it is {kind}, zero or more")
        if hints[key] is bool and not isinstance(value, bool):
            raise ConfigError(f"{where}: {key} = {value!r} is not possible; choose true or false")
        if str in (hints[key], *get_args(hints[key])) and not (isinstance(value, str) and value):
            raise ConfigError(f'{where}: {key} = {value!r} is not possible; it is a text, like {key} = "…"')
        if key == "registry_mirror" and not _URL.fullmatch(value):
            raise ConfigError(
                f'{where}: registry_mirror = "{value}" is not possible; it is a URL, like "https://mirror.example:5000"'
            )
        if key == "cluster_name" and not _NAME.fullmatch(value):
            raise ConfigError(
                f'{where}: cluster_name = "{value}" is not possible; it is at most {_NAME_LENGTH} of a-z, 0-9 and -, and begins '
                "and ends with a letter or a digit"
            )


def _number(key: str, value: Any) -> Any:
    """Return a value from a command line, where all are texts, as the number that it should be, if it is one."""
    if key in _NUMBERS and isinstance(value, str):
        with suppress(ValueError):
            return get_type_hints(Config)[key](value)
    return value


def _allowed(hint: Any) -> tuple[str, ...]:
    """Return the literal values that a type hint allows, empty for a type that is not a choice."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(value for part in get_args(hint) for value in _allowed(part))
