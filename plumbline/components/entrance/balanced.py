"""Throw-away Services of type LoadBalancer, and a throw-away pool of one address: MetalLB is tried without touching what serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from plumbline.core import wait
from plumbline.kube.api import Kube, Object, balanced_address
from plumbline.kube.ours import meta
from plumbline.kube.probes import NAMESPACE
from plumbline.kube.transport import ApiError

POOL = "plumbline-one-address"
_METALLB = "metallb-system"
_THROWAWAY = {"plumbline.dev/throwaway": "true"}
_BACKEND = {"app.kubernetes.io/instance": "conformance", "app.kubernetes.io/component": "echo"}
_ACCEPTED_WITHIN_S = 15.0


@dataclass(frozen=True)
class Balanced:
    """A Service of type LoadBalancer in front of the echo listener."""

    name: str
    kube: Kube

    @property
    def address(self) -> str:
        """The address that it was given, empty while it has none."""
        return balanced_address(self.kube.get("Service", self.name, NAMESPACE))

    def addressed(self) -> wait.Condition[str]:
        """Return the condition that it has an address, which is the value."""

        def judge(services: dict[str, Object]) -> wait.Observation[str]:
            found = balanced_address(services.get(self.name, {}))
            return wait.Observation(
                bool(found), found, f"{self} has address {found}" if found else f"{self} is pending{self._why}"
            )

        return self.kube.watch("Service", NAMESPACE, judge, name=self.name)

    def told(self, reason: str) -> wait.Condition[str]:
        """Return the condition that an event with this reason is about the Service; the value is its message."""

        def judge(_: dict[str, Object]) -> wait.Observation[str]:
            said = self.events()
            found = said.get(reason, "")
            return wait.Observation(
                bool(found), found, f'no event "{reason}" is about {self}; what is said: {said or "nothing"}'
            )

        return self.kube.watch("Event", NAMESPACE, judge)

    def events(self) -> dict[str, str]:
        """Return what the cluster's events say about it: message by reason."""
        uid = self.kube.get("Service", self.name, NAMESPACE)["metadata"]["uid"]
        about = [e for e in self.kube.objects("Event", NAMESPACE) if e["involvedObject"].get("uid") == uid]
        return {event["reason"]: event.get("message", "") for event in about}

    def free(self) -> None:
        """Delete it, and so give its address back."""
        self.kube.delete("Service", self.name, NAMESPACE)

    def answering(self) -> wait.Condition[dict[str, Any]]:
        """Return the condition that the listener behind it answers; the value is what it saw of the request."""
        import httpx  # noqa: PLC0415

        def ask() -> wait.Observation[dict[str, Any]]:
            url = f"http://{self.address}/"
            try:
                answer = httpx.get(url, timeout=1, trust_env=False)
            except httpx.TransportError as error:
                return wait.Observation(
                    False, {}, f"{self} does not answer at {url} ({type(error).__name__}); {self.announced()}"
                )
            return wait.Observation(
                answer.status_code == 200, answer.json(), f"{self} answers {answer.status_code} at {url}"
            )

        return wait.poll(ask)

    def __str__(self) -> str:
        """Name it."""
        return f"Service {NAMESPACE}/{self.name}"

    @property
    def _why(self) -> str:
        said = self.events()
        return f": {'; '.join(said.values())}" if said else " and no event says why"

    def announced(self) -> str:
        """Say which speaker announces the address, if any does."""
        return self.events().get("nodeAssigned") or "no speaker says that it announces the address"


@contextmanager
def service(kube: Kube, name: str, pool: str = "") -> Iterator[Balanced]:
    """Have a Service of type LoadBalancer while the block runs.

    Args:
        kube: the API server.
        name: its name.
        pool: the only pool that its address may come from.
    """
    annotations = {"metallb.io/address-pool": pool} if pool else {}
    named = {**meta(name, NAMESPACE, _THROWAWAY), "annotations": annotations}
    spec = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",  # the listener is to see who asks
        "selector": _BACKEND,
        "ports": [{"name": "http", "port": 80, "targetPort": "open"}],
    }
    kube.delete("Service", name, NAMESPACE)  # one that an interrupted run left would have its address already
    kube.apply([{"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": spec}])
    try:
        yield Balanced(name, kube)
    finally:
        kube.delete("Service", name, NAMESPACE)


@contextmanager
def pool_of_one(kube: Kube, address: str) -> Iterator[str]:
    """Have a pool of one address, given to nobody who does not ask for it, while the block runs; yields the pool's name."""
    named = meta(POOL, _METALLB, _THROWAWAY)
    spec = {"addresses": [f"{address}-{address}"], "autoAssign": False}
    pool = {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": named, "spec": spec}

    def accept() -> wait.Observation[None]:
        try:
            kube.apply([pool])
        except ApiError as error:
            return wait.Observation(
                False, None, f"MetalLB's webhook, in the pod of Deployment controller, refuses it: {error.message}"
            )
        return wait.Observation(True, None, "accepted")

    wait.until(wait.poll(accept, every_s=0.5), named=f"IPAddressPool {POOL} accepted", within_s=_ACCEPTED_WITHIN_S)
    try:
        yield POOL
    finally:
        kube.delete("IPAddressPool", POOL, _METALLB)
