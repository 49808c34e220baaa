"""What KinD is asked for: its configuration, and the nodes that it makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plumbline.core.config import Config
from plumbline.core.errors import ConfigError

CONTROL_PLANE = "control-plane"  # role of the node that leads
_BASE = "kind-config.yaml"
_LAID_OVER: Mapping[str, tuple[str, ...]] = {"single": (), "multi": ("kind-config.multi.yaml",)}


def files(local: Path, config: Config) -> list[Path]:
    """Return the files that say what cluster is wanted, the later ones laid over the earlier."""
    return [local / name for name in (_BASE, *_LAID_OVER[config.nodes])]


def read(local: Path, config: Config) -> dict[str, Any]:
    """Return KinD's configuration (https://kind.sigs.k8s.io/docs/user/configuration), without the cluster's name.

    Raises:
        ConfigError: it is not what KinD understands.
    """
    document: dict[str, Any] = {}
    for file in files(local, config):
        document |= _read(file)
    if not (document.get("nodes") and document.get("networking")):
        raise ConfigError(f"local/{_BASE} lacks nodes or networking: put it right")
    return document


def roles(document: Mapping[str, Any], cluster: str) -> dict[str, str]:
    """Return the role of each node, by the name that KinD gives to it and to its container; the control plane comes first."""
    wanted = sorted((str(node["role"]) for node in document["nodes"]), key=lambda role: role != CONTROL_PLANE)
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for role in wanted:
        seen[role] += 1
        found[f"{cluster}-{role}{seen[role] if seen[role] > 1 else ''}"] = role
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise ConfigError(f"local/{file.name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"local/{file.name} is no KinD configuration: put it right")
    return document
