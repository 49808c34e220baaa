"""Parts that heal by themselves: how each is killed, and when it is healthy again. One line for each part."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from plumbline.components import light_client
from plumbline.components.base import Site
from plumbline.components.chain.transactions import HOST
from plumbline.components.cluster import Cluster
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import Execution
from plumbline.components.ingress import Ingress
from plumbline.core import wait
from plumbline.core.patience import Settled, settle
from plumbline.core.shell import CommandFailed
from plumbline.kube import api as k8s
from plumbline.kube.api import Object

HEALED_TARGET_S, HEALED_WITHIN_S = 30.0, 60.0

Healthy = Callable[[Site], wait.Condition[Any]]


@dataclass(frozen=True)
class Part:
    """One pod's container, and what it does for others.

    Attributes:
        name: how failures call it: the pod's name, or that of its workload where pods have none of their own.
        breaks: the component that is broken while it is dead.
        namespace: where it is.
        selector: labels of its pod.
        container: the container that is killed.
        serving: makes, before the kill, the condition that it does its work again after it.
    """

    name: str
    breaks: str
    namespace: str
    selector: str
    container: str
    serving: Healthy

    def killed(self, site: Site) -> Settled[Any]:
        """Send SIGKILL to it and say whether, and when, it was healthy again by itself."""

        def kill(pod: str) -> None:
            with suppress(CommandFailed):  # it is dead already, by somebody else's hand
                Cluster(site).kill(self.namespace, pod, self.container)

        return self._ended(site, kill)

    def restarted(self, site: Site) -> Settled[Any]:
        """Delete its pod, which is told to end (SIGTERM), and say whether, and when, a new one was healthy."""
        return self._ended(site, lambda pod: site.kube.delete("Pod", pod, self.namespace))

    def _ended(self, site: Site, end: Callable[[str], None]) -> Settled[Any]:
        pods = self._pods(site)
        before, serving = {_instance(pod, self.container) for pod in pods.values()}, self.serving(site)
        end(next(iter(pods)))
        healthy = wait.every(self._started_again(site, before), serving)
        return settle(healthy, named=f"{self.name} healthy again", within_s=HEALED_WITHIN_S)

    def _pods(self, site: Site) -> dict[str, Object]:
        """Return its pods by name; there are several where each node has one.

        Raises:
            LookupError: there is none.
        """
        found = site.kube.objects("Pod", self.namespace, selector=self.selector)
        if not found:
            raise LookupError(f"{self.name}: no pod has the labels {self.selector} in {self.namespace}")
        return {str(pod["metadata"]["name"]): pod for pod in found}

    def _started_again(self, site: Site, before: set[str]) -> wait.Condition[None]:
        def judge(pods: dict[str, Object]) -> wait.Observation[None]:
            fresh = [pod for pod in pods.values() if _instance(pod, self.container) not in {"", *before}]
            ok = any(k8s.pod_ready(pod) for pod in fresh)
            return wait.Observation(ok, None, "; ".join(f"{name}: {k8s.pod_state(pod)}" for name, pod in pods.items()))

        return site.kube.watch("Pod", self.namespace, judge, selector=self.selector)


def _instance(pod: Object, container: str) -> str:
    """Return the identity of a pod's running container, empty while it has none."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    running = any(c["name"] == container and "running" in c.get("state", {}) for c in statuses)
    return k8s.container_id(pod, container) if running else ""


def _labels(instance: str, **more: str) -> str:
    return ",".join([f"app.kubernetes.io/instance={instance}", *(f"{key}={value}" for key, value in more.items())])


def _pod(name: str) -> str:
    return f"statefulset.kubernetes.io/pod-name={name}"


# -- what each part does for others ---------------------------------------------------------------------------------------


def _chain_goes_on(site: Site) -> wait.Condition[Any]:
    """Return the condition that every node has a block that does not exist yet."""
    execution = Execution(site)
    return execution.at_height(max(execution.ask(lambda node: node.head).values) + 1)


def _node_follows(site: Site) -> wait.Condition[Any]:
    """Return the condition that the mesh is whole and every node has a block that does not exist yet."""
    return wait.every(_chain_goes_on(site), Execution(site).ready())


def _json_rpc_answers(site: Site, host: str = HOST) -> wait.Condition[Any]:
    import httpx  # noqa: PLC0415

    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}

    def ask() -> wait.Observation[None]:
        try:
            with Ingress(site).client(host) as client:
                answer = client.post("/", json=call, timeout=2)
        except httpx.TransportError as error:
            return wait.Observation(False, None, f"{host} does not answer: {error or type(error).__name__}")
        return wait.Observation(
            "result" in answer.text, None, f"{host} answers {answer.status_code}: {answer.text[:100]}"
        )

    return wait.poll(ask)


def _verified_answers(site: Site) -> wait.Condition[Any]:
    return _json_rpc_answers(site, light_client.HOST)


PARTS = {
    part.name: part
    for part in (
        Part("beacon-0", "consensus", NAMESPACE, _pod("beacon-0"), "beacon", _chain_goes_on),
        Part("geth-0", "execution", NAMESPACE, _pod("geth-0"), "geth", _node_follows),
        Part("geth-follower-0", "execution", NAMESPACE, _pod("geth-follower-0"), "geth", _node_follows),
        Part("helios", "light-client", light_client.NAMESPACE, _labels("helios"), "helios", _verified_answers),
        Part("nginx-ingress", "ingress", "ingress-nginx", _labels("nginx-ingress"), "controller", _json_rpc_answers),
        Part(
            "speaker",
            "load-balancer",
            "metallb-system",
            _labels("metallb", **{"app.kubernetes.io/component": "speaker"}),
            "speaker",
            _json_rpc_answers,
        ),
    )
}
