"""How this machine gets to what the cluster serves: at an address of the engine's network, or by ports that are mapped to it.

The networks of an engine that runs elsewhere (Docker Desktop has a virtual machine for it) are not on this machine. What such an
engine offers instead are ports of this machine's loopback, each of which leads to a port of a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plumbline.core import machine, shell
from plumbline.core.config import Config

Reach = Literal["direct", "mapped"]
LOOPBACK = "127.0.0.1"
NODE_PORTS: Mapping[str, int] = {"http": 30080, "https": 30443}
"""Where the ingress is on its node, where ports are mapped."""


@dataclass(frozen=True)
class Door:
    """Where a client on this machine gets to the ingress.

    Attributes:
        address: the address that is dialled.
        http: the port of plain HTTP there.
        https: the port of TLS.
    """

    address: str
    http: int = 80
    https: int = 443

    def url(self, *, secured: bool = False) -> str:
        """Return its URL; the host that is meant goes into the request."""
        return f"https://{self.address}:{self.https}" if secured else f"http://{self.address}:{self.http}"


def chosen(config: Config) -> Reach:
    """Return the way that is configured, or where that is left open, the one that works."""
    if config.reach != "auto":
        return config.reach
    gateway = engines_gateway()
    return "mapped" if gateway and not machine.has_address(gateway) else "direct"


def engines_gateway() -> str:
    """Return the address of the gateway of the engine's default network; empty where there is none that could be looked at."""
    from plumbline.images import engine  # noqa: PLC0415  (most that know a way in ask no engine)

    argv = ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]
    return shell.run(argv, within_s=10, env=engine.docker_env(), check=False).stdout.strip()


def map_ports(document: dict[str, Any]) -> None:
    """Have KinD map free ports of this machine's loopback to the ingress' ports on each node (extraPortMappings)."""
    for node in document["nodes"]:
        node.setdefault("extraPortMappings", []).extend(
            {"containerPort": port, "hostPort": 0, "listenAddress": LOOPBACK} for port in NODE_PORTS.values()
        )
