"""Crashes and kills, read from a pod's status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from plumbline.kube.mishaps import mishaps

BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def pod(**container: Any) -> dict[str, Any]:
    status = {"containerStatuses": [{"name": "geth", "restartCount": 2, **container}]}
    return {"metadata": {"name": "geth-1", "namespace": "ethereum"}, "status": status}


def killed_for_memory(at: str) -> dict[str, Any]:
    return {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at}}


def test_a_pod_that_runs_is_no_mishap() -> None:
    assert mishaps([pod(state={"running": {}})], BEGAN) == []


def test_a_crash_loop_is_told_with_its_last_end() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": "invalid genesis\n"}}

    (told,) = mishaps([pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended)], BEGAN)

    assert (
        told
        == "ethereum/geth-1: container geth crash-loops, 2 restarts so far; last exit code 1 (Error): invalid genesis"
    )


def test_a_kill_for_want_of_memory_counts_since_the_run_began() -> None:
    before, after = "2026-11-23T11:59:59Z", "2026-11-23T12:00:01Z"
    running = {"running": {}}

    assert mishaps([pod(state=running, lastState=killed_for_memory(before))], BEGAN) == []
    (told,) = mishaps([pod(state=running, lastState=killed_for_memory(after))], BEGAN)
    assert told == f"ethereum/geth-1: container geth was killed for want of memory (OOMKilled) at {after}"


def test_a_signal_is_not_want_of_memory() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "Error", "finishedAt": "2026-11-23T12:00:01Z"}}

    assert mishaps([pod(state={"running": {}}, lastState=ended)], BEGAN) == []
