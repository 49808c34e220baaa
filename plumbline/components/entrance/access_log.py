"""The ingress controller's access log: for each request, whether a backend was reached, and which."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One request, as the controller saw it.

    Attributes:
        host: the host that was asked for.
        path: path and query.
        client: the client's address.
        status: what the client was answered.
        router: the rule that matched, which names its Ingress; empty where none did.
        backend: the pod (or address) that it was passed to; empty where no backend was reached.
    """

    host: str
    path: str
    client: str
    status: int
    router: str
    backend: str

    def __str__(self) -> str:
        """Tell it as a line."""
        how = f"passed to {self.backend} by {self.router}" if self.backend else "passed to no backend"
        return f"http://{self.host}{self.path} from {self.client}: {self.status}, {how}"


def read(lines: Iterable[str], pods: Mapping[str, str], mark: str) -> list[Request]:
    """Return the requests whose path contains a mark.

    Args:
        lines: the controller's log; lines that are no JSON, or about something else, are passed over.
        pods: names of pods by their addresses.
        mark: what the path must contain.
    """
    return [
        _request(entry, pods)
        for line in lines
        if mark in line and (entry := _entry(line)) and mark in str(entry["RequestPath"])
    ]


def _entry(line: str) -> dict[str, object]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and "RequestPath" in said else {}


def _request(entry: Mapping[str, object], pods: Mapping[str, str]) -> Request:
    address = str(entry.get("ServiceAddr") or "")
    pod = pods.get(address.partition(":")[0], address) if address else ""  # a pod that is new has no address either
    return Request(
        host=str(entry["RequestHost"]),
        path=str(entry["RequestPath"]),
        client=str(entry["ClientHost"]),
        status=int(str(entry["DownstreamStatus"])),
        router=str(entry.get("RouterName") or ""),
        backend=pod,
    )
