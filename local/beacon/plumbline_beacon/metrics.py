"""Prometheus metrics, declared in one table.

Names without our prefix are those that beacon nodes share (ethereum/beacon-metrics) or that Prometheus clients share (process_*).
"""

from __future__ import annotations

import bisect
import resource
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LABELS = tuple[tuple[str, str], ...]

DECLARED: Final[Mapping[str, tuple[str, str]]] = {
    "plumbline_beacon_build_info": ("gauge", "Version of this program, of the specification and of Python."),
    "beacon_clock_time_slot": ("gauge", "Slot of the clock."),
    "beacon_head_slot": ("gauge", "Slot of the head block."),
    "beacon_finalized_epoch": ("gauge", "Finalized epoch in the head's state."),
    "beacon_current_justified_epoch": ("gauge", "Justified epoch in the head's state."),
    "beacon_previous_justified_epoch": ("gauge", "Justified epoch before the current one in the head's state."),
    "beacon_current_active_validators": ("gauge", "Active validators in the head's state."),
    "beacon_reorgs_total": ("counter", "Times the head moved to another branch."),
    "plumbline_beacon_attestation_participation_ratio": ("gauge", "Share of stake that voted for the right target in the previous epoch."),
    "plumbline_beacon_sync_participation_ratio": ("gauge", "Share of the sync committee that signed in the head block."),
    "plumbline_beacon_head_execution_block": ("gauge", "Height of the head's execution payload."),
    "plumbline_beacon_blocks_total": ("counter", "Blocks produced since the start."),
    "plumbline_beacon_missed_slots_total": ("counter", "Slots without a block since the back-fill ended."),
    "plumbline_beacon_block_delay_seconds": ("histogram", "Time from the start of a live slot to its published head."),
    "plumbline_beacon_last_block_delay_seconds": ("gauge", "Time from the start of the last live slot with a block to its published head."),
    "plumbline_beacon_block_cpu_seconds_total": ("counter", "CPU of the chain's thread spent on blocks and slots."),
    "plumbline_beacon_live": ("gauge", "1 while the chain follows the clock."),
    "plumbline_beacon_ready": ("gauge", "1 while followers can safely synchronise (what node/health answers)."),
    "plumbline_beacon_fault_active": ("gauge", "1 while a fault is injected."),
    "plumbline_beacon_engine_up": ("gauge", "1 while an engine answers."),
    "plumbline_beacon_engine_status": ("gauge", "1 for what an engine said last."),
    "plumbline_beacon_engine_errors_total": ("counter", "Engine API calls that failed."),
    "plumbline_beacon_payloads_resent_total": ("counter", "Payloads given back to an engine that had lost them."),
    "plumbline_beacon_event_subscribers": ("gauge", "Open event streams."),
    "plumbline_beacon_api_requests_total": ("counter", "Beacon API requests by route and status."),
    "plumbline_beacon_states_kept": ("gauge", "States in memory."),
    "process_cpu_seconds_total": ("counter", "User and system CPU time of the process."),
    "process_resident_memory_bytes": ("gauge", "Resident memory of the process."),
    "process_start_time_seconds": ("gauge", "Unix time at which the process started."),
    "process_open_fds": ("gauge", "Open file descriptors of the process."),
}  # fmt: skip

_LABELLED_COUNTERS: Final = frozenset(
    {
        "plumbline_beacon_engine_errors_total",
        "plumbline_beacon_payloads_resent_total",
        "plumbline_beacon_api_requests_total",
    }
)
_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0)
_STARTED_AT: Final = time.time()


@dataclass
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    total: float = 0.0


class Metrics:
    """Counters, gauges and histograms of this process; safe for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        unlabelled = (
            name for name, (kind, _) in DECLARED.items() if kind == "counter" and name not in _LABELLED_COUNTERS
        )
        self._values: dict[str, dict[_LABELS, float]] = {
            name: {(): 0.0} for name in unlabelled
        }  # 0 is a fact, not a gap
        self._histograms: dict[str, _Histogram] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._check(name, "gauge")
        with self._lock:
            self._values.setdefault(name, {})[tuple(sorted(labels.items()))] = value

    def add(self, name: str, by: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        self._check(name, "counter")
        with self._lock:
            series = self._values.setdefault(name, {})
            key = tuple(sorted(labels.items()))
            series[key] = series.get(key, 0.0) + by

    def observe(self, name: str, value: float) -> None:
        """Add an observation to a histogram."""
        self._check(name, "histogram")
        with self._lock:
            histogram = self._histograms.setdefault(name, _Histogram())
            histogram.counts[bisect.bisect_left(_BUCKETS, value)] += 1
            histogram.total += value

    def value(self, name: str, **labels: str) -> float:
        """Return a counter or gauge; 0 when it was never set."""
        with self._lock:
            return self._values.get(name, {}).get(tuple(sorted(labels.items())), 0.0)

    def render(self) -> str:
        """Return everything in the Prometheus text format."""
        self._measure_process()
        lines: list[str] = []
        with self._lock:
            for name, (kind, meaning) in DECLARED.items():
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
                if kind == "histogram":
                    lines += _render_histogram(name, self._histograms.get(name, _Histogram()))
                series = self._values.get(name, {})
                lines += [f"{name}{_render_labels(labels)} {value:.16g}" for labels, value in sorted(series.items())]
        return "\n".join(lines) + "\n"

    def _measure_process(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        resident_pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        with self._lock:
            self._values["process_cpu_seconds_total"] = {(): usage.ru_utime + usage.ru_stime}
        self.set("process_resident_memory_bytes", resident_pages * resource.getpagesize())
        self.set("process_start_time_seconds", _STARTED_AT)
        self.set("process_open_fds", sum(1 for _ in Path("/proc/self/fd").iterdir()))

    @staticmethod
    def _check(name: str, kind: str) -> None:
        if DECLARED[name][0] != kind:
            raise TypeError(f"{name} is a {DECLARED[name][0]}, not a {kind}")


def _render_labels(labels: _LABELS) -> str:
    if not labels:
        return ""
    escaped = ((key, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for key, value in labels)
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped) + "}"


def _render_histogram(name: str, histogram: _Histogram) -> list[str]:
    lines, running = [], 0
    for bound, count in zip((*map(str, _BUCKETS), "+Inf"), histogram.counts, strict=True):
        running += count
        lines.append(f'{name}_bucket{{le="{bound}"}} {running}')
    return [*lines, f"{name}_sum {histogram.total:.6f}", f"{name}_count {running}"]
