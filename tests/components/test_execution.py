"""To whom the Service for JSON-RPC sends its clients."""

from __future__ import annotations

from typing import Any

from plumbline.components.execution import NAMESPACE, Execution
from plumbline.core import wait
from plumbline.kube.api import Object


class Kube:
    """An API server with the Service's endpoints."""

    def __init__(self, *slices: Object) -> None:
        self.slices = slices

    def objects(self, kind: str, namespace: str, *, selector: str) -> list[Object]:
        assert (kind, namespace, selector) == ("EndpointSlice", NAMESPACE, "kubernetes.io/service-name=geth")
        return list(self.slices)

    def watch(self, kind: str, namespace: str, judge: Any, *, selector: str) -> Any:
        return wait.poll(lambda: judge(dict(enumerate(self.objects(kind, namespace, selector=selector)))))


def execution(*slices: Object) -> Execution:
    made = Execution.__new__(Execution)
    made.site = type("Site", (), {"kube": Kube(*slices)})()
    return made


def endpoint(pod: str, **conditions: bool) -> Object:
    return {"targetRef": {"name": pod}, "conditions": conditions}


def test_clients_are_sent_to_ready_endpoints_only() -> None:
    going = endpoint("geth-1", ready=False, serving=True, terminating=True)
    nodes = execution({"endpoints": [endpoint("geth-0", ready=True), going]}, {"endpoints": None})

    assert nodes.behind_service() == {"geth-0"}
    for pod, wanted in (("geth-0", True), ("geth-1", False)):
        wait.until(nodes.in_service(pod, wanted), named=pod, within_s=0.1)
    seen = next(iter(nodes.in_service("geth-1", True).observe(wait.Deadline(0.1))))
    assert (seen.ok, seen.summary) == (False, "geth-1 is out of Service geth")
