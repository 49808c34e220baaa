"""The command line and the environment, checked, as one frozen object."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from plumbline_csi.errors import ConfigError

DRIVER_NAME = "loop.csi.plumbline.dev"
_DRIVER_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")  # it is also a label's value
_LARGEST_POOL_GIB = 1 << 20
_LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un, less the final zero


@dataclass(frozen=True)
class Config:
    """What the driver was told."""

    node_name: str
    driver_name: str
    pool_gib: int
    data_dir: Path
    csi_socket: Path
    registration_socket: Path
    http_address: tuple[str, int]

    @property
    def topology_key(self) -> str:
        """The label that says on which node a volume lives."""
        return f"topology.{self.driver_name}/node"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(message)


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Config:
    """Read the arguments; each defaults to its environment variable.

    Raises:
        ConfigError: one of them is unknown, missing or wrong; the message is one line.
    """
    parser = _Parser(prog="plumbline_csi", description="CSI driver: real file systems of real size on one node.")

    def option(name: str, default: str | None, meaning: str) -> None:
        variable = name.upper().replace("-", "_")
        shown = f" [{variable}{f', default {default}' if default else ''}]"
        parser.add_argument(f"--{name}", default=environment.get(variable) or default, help=meaning + shown)

    option("node-name", None, "the node's name in the cluster")
    option("driver-name", DRIVER_NAME, "the driver's name in the cluster")
    option("pool-gib", "20", "size of the pool; its file is sparse")
    option("data-dir", "/var/lib/csi-loop", "where the pool lies")
    option("kubelet-dir", "/var/lib/kubelet", "the kubelet's folder, under the same path as on the node")
    option("csi-endpoint", None, "socket of the CSI services; below the kubelet's plugins folder by default")
    option(
        "http-address", "0.0.0.0:9808", "address and port of /healthz, /readyz and /metrics; port 0 takes a free one"
    )
    args = parser.parse_args(argv)

    driver_name = _matching(_DRIVER_NAME, args.driver_name, "driver-name", "a DNS name of at most 63 characters")
    kubelet_dir = _absolute(args.kubelet_dir, "kubelet-dir")
    endpoint = args.csi_endpoint or str(kubelet_dir / "plugins" / driver_name / "csi.sock")
    return Config(
        node_name=_matching(_NODE_NAME, args.node_name or "", "node-name", "the node's name, at most 63 characters"),
        driver_name=driver_name,
        pool_gib=_pool_gib(args.pool_gib),
        data_dir=_absolute(args.data_dir, "data-dir"),
        csi_socket=_socket(endpoint.removeprefix("unix:"), "csi-endpoint"),
        registration_socket=_socket(f"{kubelet_dir}/plugins_registry/{driver_name}-reg.sock", "kubelet-dir"),
        http_address=_http_address(args.http_address),
    )


def _matching(pattern: re.Pattern[str], value: str, option: str, meaning: str) -> str:
    if not pattern.fullmatch(value):
        raise ConfigError(f"--{option} must be {meaning}, not {value!r}")
    return value


def _pool_gib(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= _LARGEST_POOL_GIB:
        raise ConfigError(f"--pool-gib must be a whole number of GiB from 1 to {_LARGEST_POOL_GIB}, not {value!r}")
    return int(value)


def _absolute(value: str, option: str) -> Path:
    if not value.startswith("/"):
        raise ConfigError(f"--{option} must be an absolute path, not {value!r}")
    return Path(os.path.normpath(value))


def _socket(value: str, option: str) -> Path:
    path = _absolute(value, option)
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise ConfigError(f"--{option} gives a socket path longer than {_LONGEST_SOCKET_PATH} bytes: {path}")
    return path


def _http_address(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"--http-address must be HOST:PORT, not {value!r}")
    return host.strip("[]"), int(port)
