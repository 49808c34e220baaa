"""What this machine is, as its kernel tells: facts only; the doctor judges them."""

from __future__ import annotations

import gzip
import platform
import socket
from pathlib import Path

_CONTROLLERS_V2 = Path("/sys/fs/cgroup/cgroup.controllers")
_CONTROLLERS_V1 = Path("/proc/cgroups")


def kernel_options() -> dict[str, str] | None:
    """Return the kernel's build configuration, or None where it is not published."""
    published, installed = Path("/proc/config.gz"), Path("/boot") / f"config-{platform.release()}"
    if published.exists():
        text = gzip.decompress(published.read_bytes()).decode()
    elif installed.exists():
        text = installed.read_text()
    else:
        return None
    lines = (line.removeprefix("CONFIG_").partition("=") for line in text.splitlines() if line.startswith("CONFIG_"))
    return {name: value for name, _, value in lines}


def controllers() -> set[str] | None:
    """Return the cgroup controllers that the kernel offers, or None where it is not Linux."""
    if _CONTROLLERS_V2.exists():
        return set(_CONTROLLERS_V2.read_text().split())
    if not _CONTROLLERS_V1.exists():
        return None
    rows = [line.split() for line in _CONTROLLERS_V1.read_text().splitlines() if not line.startswith("#")]
    return {name for name, _, _, enabled in rows if enabled == "1"}


def has_address(address: str) -> bool:
    """Return whether an address is one of this machine's own."""
    return can_listen(address, 0)


def can_listen(address: str, port: int) -> bool:
    """Return whether somebody may listen on a port of an address of this machine (port 0: on any)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
