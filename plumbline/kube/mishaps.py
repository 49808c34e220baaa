"""Containers that crash again and again, or were killed for want of memory, read from the pods' own status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from plumbline.kube.api import Object, container_statuses, name_of

_KILLED_FOR_MEMORY = "OOMKilled"


def mishaps(pods: Iterable[Object], since: datetime) -> list[str]:
    """Return, in words, each container that crash-loops now, or was OOM-killed since a moment."""
    return [
        said for pod in pods for container in container_statuses(pod) for said in _of_container(pod, container, since)
    ]


def _of_container(pod: Object, container: Object, since: datetime) -> Iterator[str]:
    where = f"{name_of(pod)}: container {container['name']}"
    waiting = container.get("state", {}).get("waiting") or {}
    ends = [end for state in ("state", "lastState") if (end := container.get(state, {}).get("terminated"))]
    if waiting.get("reason") == "CrashLoopBackOff":
        yield f"{where} crash-loops, {container.get('restartCount', 0)} restarts so far{_how(ends)}"
    for end in ends:
        if (
            end.get("reason") == _KILLED_FOR_MEMORY
            and (at := end.get("finishedAt"))
            and datetime.fromisoformat(at) >= since
        ):
            yield f"{where} was killed for want of memory ({_KILLED_FOR_MEMORY}) at {at}"


def _how(ends: list[dict[str, Any]]) -> str:
    """Say how a container last ended, as far as that is known."""
    if not ends:
        return ""
    said = f"; last exit code {ends[0].get('exitCode')} ({ends[0].get('reason', '?')})"
    return said + (f": {ends[0]['message'].strip()}" if ends[0].get("message") else "")
