"""A light client beside the standing one, for as long as something is tried on it: it starts afresh, and may be told what to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.components.light_client import NAMESPACE, Helios, LightClient, behind
from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube import api as k8s
from plumbline.kube.api import Kube, Object

_GONE_WITHIN_S = 60.0


@dataclass(frozen=True)
class FurtherClient:
    """One release of the chart ``helios`` with a single pod.

    Attributes:
        release: its name.
        light_client: the standing one.
    """

    release: str
    light_client: LightClient

    @property
    def kube(self) -> Kube:
        """The API server."""
        return self.light_client.kube

    def join(self, **values: Any) -> None:
        """Deploy it, with values of the chart on top of the standing one's; does not wait for it."""
        helm = self.light_client.site.helm
        helm.upgrade(self.release, "helios", NAMESPACE, "values.local-further.yaml", values)

    def leave(self) -> None:
        """Remove what there is of it, and wait until its pods are gone."""
        if self.kube.find("Deployment", self.release, NAMESPACE) is None:
            return
        self.light_client.site.helm.uninstall(self.release, NAMESPACE)

        def judge(left: dict[str, Object]) -> wait.Observation[None]:
            return wait.Observation(not left, None, f"{', '.join(left)} still there")

        wait.until(self._own_pods(judge), named=f"{self.release} is gone", within_s=_GONE_WITHIN_S)

    def _own_pods(self, judge: Callable[[dict[str, Object]], wait.Observation[None]]) -> wait.Condition[None]:
        selector = f"app.kubernetes.io/instance={self.release},pod-template-hash"
        return self.kube.watch("Pod", NAMESPACE, judge, selector=selector)

    @property
    def clients(self) -> list[Helios]:
        """The pods behind its Service, whoever made them."""
        return behind(self.kube, self.release)

    # -- how it is doing -------------------------------------------------------------------------------------------

    def ready(self) -> wait.Condition[Object]:
        """Hold when it has rolled out."""
        return self.kube.rolled_out("Deployment", self.release, NAMESPACE)

    def unready(self) -> wait.Condition[None]:
        """Hold when none of its own pods is sent clients to."""

        def judge(pods: dict[str, Object]) -> wait.Observation[None]:
            ready = [name for name, pod in pods.items() if k8s.pod_ready(pod)]
            return wait.Observation(not ready, None, f"{', '.join(ready)} ready" if ready else "none is ready")

        return self._own_pods(judge)

    def hindered(self, reason: str) -> wait.Condition[str]:
        """Hold when every pod of it says that it does not serve for a reason, in which some words are."""

        def look() -> wait.Observation[str]:
            said = {client.name: client.hindrance() for client in self.clients}
            told = "; ".join(f"{name}: {why or 'serves'}" for name, why in said.items()) or "no pod yet"
            return wait.Observation(bool(said) and all(reason in why for why in said.values()), told, told)

        return wait.poll(look, every_s=0.5)

    def answers(self, address: str) -> wait.Condition[int]:
        """Hold when it has verified an account's balance."""

        def look() -> wait.Observation[int]:
            try:
                balance = int(self.clients[0].rpc("eth_getBalance", address, "latest"), 16)
            except (PlumblineError, OSError, LookupError) as error:
                return wait.Observation(False, 0, f"no answer yet ({error})")
            return wait.Observation(True, balance, f"{address} has {balance} wei")

        return wait.poll(look, every_s=0.1)

    def started_at(self) -> float:
        """Return when its container started (seconds since the Unix epoch; Kubernetes keeps whole ones)."""
        return _moment(self._pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])

    def seconds_to_ready(self) -> float:
        """Return how long its pod, which is ready, took for that from the start of its container."""
        ready = next(each for each in self._pod["status"]["conditions"] if each["type"] == "Ready")
        return _moment(ready["lastTransitionTime"]) - self.started_at()

    @property
    def _pod(self) -> Object:
        return self.kube.get("Pod", self.clients[0].name, NAMESPACE)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
