"""The way in from outside: IngressClass ``nginx``, served by Traefik's ingress-nginx provider, on a MetalLB address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.cluster import Cluster
from plumbline.components.entrance import access_log
from plumbline.components.entrance.limits import Limits, promised
from plumbline.components.entrance.outside import Outside
from plumbline.components.entrance.reach import LOOPBACK, NODE_PORTS, Door
from plumbline.components.entrance.traffic import Traffic
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Object

_NAMESPACE = "ingress-nginx"
_SERVICE = "nginx-ingress"
_LOGGED_WITHIN_S = 5.0


class Ingress(HelmComponent):
    """Traefik 3.7 with the ingress-nginx provider (ingress-nginx itself was retired in March 2026)."""

    name: ClassVar[str] = "ingress"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    uses: ClassVar[tuple[str, ...]] = ("load-balancer", "certificates")
    brought_images: ClassVar[tuple[str, ...]] = ("traefik",)
    releases: ClassVar[tuple[Release, ...]] = (
        Release("nginx-ingress", "nginx-ingress", _NAMESPACE, asks_api_server=True),
    )
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("Deployment", "nginx-ingress", _NAMESPACE),)
    served: ClassVar[tuple[str, ...]] = ("ethereum", "helios", "monitoring")

    def values(self, release: Release) -> Mapping[str, Any]:
        """Return to which ports of the node its own are mapped, where they are."""
        return {"controller": {"service": {"nodePorts": dict(NODE_PORTS)}}} if self.site.reach == "mapped" else {}

    def prepare(self) -> None:
        """Make the namespaces that are served: the controller's rights are Roles inside them."""
        for namespace in self.served:
            self.kube.ensure_namespace(namespace, "restricted")

    def ready(self) -> wait.Condition[Any]:
        """Hold when the controller has rolled out, its Service has an address, and the address answers."""
        return wait.every(super().ready(), self._addressed(), self._answering())

    @property
    def address(self) -> str:
        """The address that MetalLB gave to the controller's Service.

        Raises:
            LookupError: it has none yet.
        """
        found = k8s.balanced_address(self.kube.get("Service", _SERVICE, _NAMESPACE))
        if not found:
            raise LookupError(f"Service {_NAMESPACE}/{_SERVICE} has no address yet")
        return found

    @property
    def door(self) -> Door:
        """Where this machine gets in: at the controller's own address, or by what is mapped to the node that it is on.

        Raises:
            LookupError: it has no address yet, or is on no node.
        """
        if self.site.reach == "direct":
            return Door(self.address)
        pods = self.kube.objects("Pod", _NAMESPACE, selector=f"app.kubernetes.io/instance={_SERVICE}")
        node = next((str(pod["spec"]["nodeName"]) for pod in pods if k8s.pod_ready(pod)), "")
        if not node:
            raise LookupError(f"no pod of {_NAMESPACE}/{_SERVICE} is ready yet")
        http, https = (Cluster(self.site).mapped_port(node, NODE_PORTS[name]) for name in ("http", "https"))
        return Door(LOOPBACK, http, https)

    def hosts(self) -> dict[str, str]:
        """Return the hosts that are served, with the namespace of the Ingress that asks for each; its own is not meant for clients."""
        found = [i for i in self.kube.objects("Ingress", None) if i["metadata"]["namespace"] != _NAMESPACE]
        return {
            rule["host"]: i["metadata"]["namespace"]
            for i in found
            for rule in i["spec"].get("rules", [])
            if "host" in rule
        }

    def promised(self) -> Limits:
        """Return what it should let through to Geth, for each client."""
        return promised(self.site.paths.charts / "geth-node")

    def client(self, host: str, **options: Any) -> Any:
        """Return an ``httpx.Client`` for a host behind the ingress; needs no /etc/hosts, the door is dialled."""
        import httpx  # noqa: PLC0415

        return httpx.Client(base_url=self.door.url(), headers={"host": host}, timeout=10, **options)

    @contextmanager
    def outside(self, host: str, authority_pem: str = "") -> Iterator[Outside]:
        """Be a client of a host, outside the cluster, while the block runs; it speaks TLS where it trusts an authority."""
        client = Outside(host, self.door, authority_pem)
        try:
            yield client
        finally:
            client.close()

    def traffic(self, host: str) -> Traffic:
        """Return clients of a host, outside the cluster, that ask all the time."""
        return Traffic(host, self.door)

    def logged(self, mark: str, count: int) -> list[access_log.Request]:
        """Return the requests whose path contains a mark, as the controller logged them, once there are ``count``.

        Raises:
            wait.Timeout: there are fewer.
        """

        def look() -> wait.Observation[list[access_log.Request]]:
            found = self._log(mark)
            return wait.Observation(
                len(found) >= count, found, f"{len(found)} of {count} requests are in the controller's log"
            )

        return wait.until(wait.poll(look, every_s=0.2), named=f"requests with {mark} logged", within_s=_LOGGED_WITHIN_S)

    def _log(self, mark: str) -> list[access_log.Request]:
        pods = self.kube.objects("Pod", None)
        names = {
            str(p["status"].get("podIP", "")): str(p["metadata"]["name"])
            for p in pods
            if not p["spec"].get("hostNetwork")
        }
        ours = [p["metadata"]["name"] for p in pods if p["metadata"]["namespace"] == _NAMESPACE]
        lines = [line for pod in ours for line in self.kube.logs(_NAMESPACE, pod, tail=2000).splitlines()]
        return access_log.read(lines, names, mark)

    def _addressed(self) -> wait.Condition[str]:
        def judge(services: dict[str, Object]) -> wait.Observation[str]:
            found = k8s.balanced_address(services.get(_SERVICE, {}))
            return wait.Observation(bool(found), found, f"Service {_SERVICE} has address {found or '(none yet)'}")

        return self.kube.watch("Service", _NAMESPACE, judge, name=_SERVICE)

    def _answering(self) -> wait.Condition[int]:
        import httpx  # noqa: PLC0415

        def ask() -> wait.Observation[int]:
            url = self.door.url()
            try:
                status = httpx.get(url, headers={"host": "unknown.invalid"}, timeout=2).status_code
            except httpx.TransportError as error:
                return wait.Observation(False, 0, f"{url} does not answer: {error or type(error).__name__}")
            return wait.Observation(status == 404, status, f"{url} answers {status}, expected 404 for an unknown host")

        return wait.poll(ask)
