"""Counters, and their text for Prometheus.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

import threading
from collections import Counter
from dataclasses import dataclass

PREFIX = "plumbline_csi"


@dataclass(frozen=True)
class Sample:
    """One value of one metric."""

    name: str
    kind: str  # counter or gauge
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Metrics:
    """What the driver has done since its start."""

    def __init__(self) -> None:
        """Start at nought."""
        self._lock = threading.Lock()
        self._count: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[tuple[str, str], float] = {}
        self._freezes = 0
        self._freeze_seconds = 0.0
        self._longest_freeze = 0.0

    def operation(self, method: str, code: str, seconds: float) -> None:
        """Count one RPC."""
        with self._lock:
            self._count[method, code] += 1
            self._seconds[method, code] = self._seconds.get((method, code), 0.0) + seconds

    def freeze(self, seconds: float) -> None:
        """Count one freeze: how long a volume's writers were held."""
        with self._lock:
            self._freezes += 1
            self._freeze_seconds += seconds
            self._longest_freeze = max(self._longest_freeze, seconds)

    def samples(self) -> list[Sample]:
        """All of it."""
        with self._lock:
            operations = [
                sample
                for key, count in sorted(self._count.items())
                for labels in [(("method", key[0]), ("code", key[1]))]
                for sample in (
                    Sample("operations_total", "counter", "RPCs answered.", count, labels),
                    Sample("operation_seconds_total", "counter", "Time spent in RPCs.", self._seconds[key], labels),
                )
            ]
            return [
                *operations,
                Sample("freezes_total", "counter", "Freezes of a volume for a copy.", self._freezes),
                Sample("freeze_seconds_total", "counter", "Time that writers were held.", self._freeze_seconds),
                Sample("freeze_seconds_max", "gauge", "Longest time that writers were held.", self._longest_freeze),
            ]


def render(samples: list[Sample]) -> str:
    """The samples as text, those of one metric together."""
    lines: list[str] = []
    for name in dict.fromkeys(sample.name for sample in samples):
        family = [sample for sample in samples if sample.name == name]
        lines.append(f"# HELP {PREFIX}_{name} {family[0].help}")
        lines.append(f"# TYPE {PREFIX}_{name} {family[0].kind}")
        for sample in family:
            labels = ",".join(f'{key}="{value}"' for key, value in sample.labels)
            lines.append(f"{PREFIX}_{name}{f'{{{labels}}}' if labels else ''} {sample.value:.9g}")
    return "\n".join(lines) + "\n"
