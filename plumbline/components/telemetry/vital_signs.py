"""What the metrics must show of every Geth node: that they are there, and that those which should move do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plumbline.components.telemetry.prometheus import Prometheus
from plumbline.core import wait

_MOVED = "changes({}[1m]) > 0"
_CONTAINER = '{container="geth"}'
# What is shown -> the PromQL expression that yields a series for each pod of which it is so.
SIGNS: Mapping[str, str] = {
    "peers": "p2p_peers",
    "head, moving": _MOVED.format("chain_head_block"),
    "finalized block": "chain_head_finalized",
    "sync (header and block)": "chain_head_header - chain_head_block",
    "pending transactions": "txpool_pending",
    "valid transactions, moving": _MOVED.format("txpool_valid"),
    "RPC requests, moving": _MOVED.format("rpc_requests"),
    "RPC errors, moving": _MOVED.format("rpc_failure"),
    "RPC latency": 'rpc_duration_all{quantile="0.99"}',
    "CPU, moving": _MOVED.format(f"container_cpu_usage_seconds_total{_CONTAINER}"),
    "memory, moving": _MOVED.format(f"container_memory_working_set_bytes{_CONTAINER}"),
    "disk writes, moving": _MOVED.format("system_disk_writebytes"),
    "volume": 'label_replace(kubelet_volume_stats_used_bytes, "pod", "$1", "persistentvolumeclaim", "data-(geth.*)")',
}


def shown(prometheus: Prometheus, pods: Iterable[str]) -> wait.Condition[None]:
    """Return a condition: every sign is shown of every pod."""
    wanted = set(pods)

    def look() -> wait.Observation[None]:
        lacking = []
        for what, expression in SIGNS.items():
            seen = {sample.labels.get("pod") for sample in prometheus.query(expression)}
            lacking += [f"{pod} shows no {what} ({expression})" for pod in sorted(wanted - seen)]
        return wait.Observation(not lacking, None, "; ".join(lacking) or "all signs are shown")

    return wait.poll(look, every_s=1)
