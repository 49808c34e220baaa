"""What the ingress should let through to Geth, as the chart's values promise it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}  # as nginx has them


@dataclass(frozen=True)
class Limits:
    """Limits for each client.

    Attributes:
        body_bytes: largest body of a request.
        rps: requests per second, for as long as one likes.
        burst: requests at once, for one who was quiet.
    """

    body_bytes: int
    rps: int
    burst: int

    def __str__(self) -> str:
        """Tell the limits on the rate."""
        return f"{self.rps} requests per second, {self.burst} at once"


def promised(chart: Path) -> Limits:
    """Return the limits in a chart's values, those for a local cluster on top."""
    defaults, local = (yaml.safe_load((chart / name).read_text()) for name in ("values.yaml", "values.local.yaml"))
    return of_values({**defaults["ingress"]["limits"], **local.get("ingress", {}).get("limits", {})})


def of_values(values: dict[str, Any]) -> Limits:
    """Return the limits in the values of a chart (``ingress.limits``)."""
    size = re.fullmatch(r"(\d+)([kmg]?)", str(values["bodySize"]).lower())
    assert size, f"bodySize {values['bodySize']!r} is no size"
    return Limits(int(size[1]) * _UNITS[size[2]], values["rps"], values["rps"] * values["burstMultiplier"])
