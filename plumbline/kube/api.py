"""The API server of our cluster: objects, watches, and ways into pods.

Every call names our own kubeconfig and context; the user's is never read or written.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from plumbline.core import shell, wait
from plumbline.core.errors import PlumblineError
from plumbline.kube import ours
from plumbline.kube.kinds import path_of
from plumbline.kube.transport import NotFound, Transport
from plumbline.kube.watch import Watch

T = TypeVar("T")
Object = dict[str, Any]


class Kube(Transport):
    """One cluster's API."""

    # -- objects -------------------------------------------------------------------------------------------------

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object."""
        return self.request("GET", f"{path_of(kind, namespace)}/{name}")  # type: ignore[no-any-return]

    def find(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return one object, or None where it does not exist."""
        try:
            return self.get(kind, name, namespace)
        except NotFound:
            return None

    def objects(self, kind: str, namespace: str | None = "", *, selector: str = "") -> list[Object]:
        """Return the objects of a kind, of all namespaces where ``namespace`` is None."""
        return self.request("GET", path_of(kind, namespace), labelSelector=selector)["items"]  # type: ignore[no-any-return]

    def delete(self, kind: str, name: str, namespace: str = "", *, grace_s: int | None = None) -> None:
        """Delete an object; one that is gone already is as good."""
        query: dict[str, Any] = {} if grace_s is None else {"gracePeriodSeconds": grace_s}
        try:
            self.request("DELETE", f"{path_of(kind, namespace)}/{name}", **query)
        except NotFound:
            return

    def patch(self, kind: str, name: str, namespace: str, change: Object) -> Object:
        """Apply a JSON merge patch (RFC 7396) to an object and return it."""
        path = f"{path_of(kind, namespace)}/{name}"
        return self.request("PATCH", path, body=change, content_type="application/merge-patch+json")  # type: ignore[no-any-return]

    def apply(self, objects: Iterable[Object]) -> None:
        """Create or update objects by server-side apply, as field manager "plumbline"."""
        for item in objects:
            path = f"{path_of(item['kind'], item['metadata'].get('namespace', ''))}/{item['metadata']['name']}"
            self.request(
                "PATCH",
                path,
                body=item,
                content_type="application/apply-patch+yaml",
                fieldManager="plumbline",
                force="true",
            )

    def ensure_namespace(self, name: str, security: str) -> None:
        """Make a namespace with its Pod Security level (kept as it is where it exists with that level)."""
        labels = {"pod-security.kubernetes.io/enforce": security, **ours.LABELS}
        if name == "kube-system":
            return
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}])

    def api_server_cidrs(self) -> list[str]:
        """Return the addresses at which the API servers listen, behind their Service, each as a CIDR."""
        slices = self.objects("EndpointSlice", "default", selector="kubernetes.io/service-name=kubernetes")
        found = {address for each in slices for endpoint in each["endpoints"] for address in endpoint["addresses"]}
        return sorted(f"{address}/{128 if ':' in address else 32}" for address in found)

    # -- watches -------------------------------------------------------------------------------------------------

    def watch(
        self,
        kind: str,
        namespace: str | None,
        judge: Callable[[dict[str, Object]], wait.Observation[T]],
        *,
        selector: str = "",
        name: str = "",
    ) -> wait.Condition[T]:
        """Return a condition over the objects of a kind, judged anew at each change.

        Args:
            kind: kind of the objects.
            namespace: where; None for all namespaces.
            judge: gets the objects by name ("namespace/name" over all namespaces).
            selector: label selector.
            name: one object only.
        """
        return Watch(
            self, path_of(kind, namespace), judge, selector, f"metadata.name={name}" if name else "", namespace is None
        )

    def gone(self, kind: str, name: str, namespace: str) -> wait.Condition[None]:
        """Return a condition: an object is not there (any more)."""

        def judge(left: dict[str, Object]) -> wait.Observation[None]:
            return wait.Observation(not left, None, f"{name} is still there")

        return self.watch(kind, namespace, judge, name=name)

    def rolled_out(self, kind: str, name: str, namespace: str) -> wait.Condition[Object]:
        """Return a condition: a Deployment, DaemonSet or StatefulSet has all its replicas updated and ready."""

        def judge(objects: dict[str, Object]) -> wait.Observation[Object]:
            found = objects.get(name)
            if found is None:
                return wait.Observation(False, {}, f"{kind} {namespace}/{name} does not exist yet")
            ready, wanted, current = rollout(found)
            done = current and ready >= wanted and wanted > 0
            state = f"{kind} {name}: {ready} of {wanted} ready" + ("" if current else ", an update is rolling out")
            return wait.Observation(done, found, state if done else state + self._why(found))

        return self.watch(kind, namespace, judge, name=name)

    def pod_ready(self, namespace: str, name: str) -> wait.Condition[Object]:
        """Return a condition: one pod is ready."""

        def judge(pods: dict[str, Object]) -> wait.Observation[Object]:
            pod = pods.get(name, {})
            return wait.Observation(pod_ready(pod), pod, f"pod {namespace}/{name}: {pod_state(pod)}")

        return self.watch("Pod", namespace, judge, name=name)

    def pods_ready(self, namespace: str, selector: str, count: int) -> wait.Condition[dict[str, Object]]:
        """Return a condition: at least ``count`` pods of a selector are ready."""

        def judge(pods: dict[str, Object]) -> wait.Observation[dict[str, Object]]:
            ready = {name: pod for name, pod in pods.items() if pod_ready(pod)}
            troubled = "; ".join(f"{name}: {pod_state(pod)}" for name, pod in pods.items() if name not in ready)
            return wait.Observation(
                len(ready) >= count, ready, f"{len(ready)} of {count} ready" + (f"; {troubled}" if troubled else "")
            )

        return self.watch("Pod", namespace, judge, selector=selector)

    def _why(self, workload: Object) -> str:
        """Say what its unready pods are doing, for the person who reads a time-out."""
        try:
            pods = self.objects("Pod", workload["metadata"]["namespace"], selector=selector_of(workload))
        except (PlumblineError, OSError):
            return ""
        troubled = [f"{pod['metadata']['name']}: {pod_state(pod)}" for pod in pods if not pod_ready(pod)]
        return "; " + "; ".join(troubled) if troubled else ""

    # -- ways into pods ------------------------------------------------------------------------------------------

    def kubectl(
        self,
        *words: str,
        within_s: float = 30,
        input: str | Path | None = None,  # noqa: A002  (as shell.run calls it)
        into: Path | None = None,
        check: bool = True,
    ) -> shell.Result:
        """Run the pinned kubectl against our cluster; the arguments are those of :func:`shell.run`."""
        return shell.run([*self.kubectl_argv(), *words], within_s=within_s, input=input, into=into, check=check)

    def kubectl_argv(self) -> list[str]:
        """Return the pinned kubectl with our kubeconfig and context."""
        return [str(self.tools / "kubectl"), f"--kubeconfig={self.kubeconfig}", f"--context={self.context}"]

    def exec(
        self, namespace: str, pod: str, argv: Sequence[str], *, container: str = "", within_s: float = 30
    ) -> shell.Result:
        """Run a program in a container and return what it left, whatever its exit code."""
        where = ["-c", container] if container else []
        return self.kubectl("-n", namespace, "exec", pod, *where, "--", *argv, within_s=within_s, check=False)

    def pod_url(self, namespace: str, pod: str, port: int | str) -> str:
        """Return the API server's proxy path to a port of a pod (Kubernetes API: connect to proxy)."""
        return f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy"

    def logs(self, namespace: str, pod: str, *, container: str = "", previous: bool = False, tail: int = 500) -> str:
        """Return the last lines of a container's log."""
        query: dict[str, Any] = {"tailLines": tail, "previous": str(previous).lower()}
        if container:
            query["container"] = container
        return str(self.request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **query))

    @contextmanager
    def forward(self, namespace: str, target: str, port: int) -> Iterator[str]:
        """Forward a port of a pod ("pod/NAME" or "svc/NAME"), also one on its loopback, to this machine.

        Yields:
            The forwarded address, "127.0.0.1:PORT".
        """
        argv = [*self.kubectl_argv(), "-n", namespace, "port-forward", target, f":{port}", "--address=127.0.0.1"]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True)
            try:
                assert process.stdout is not None
                line = process.stdout.readline()  # "Forwarding from 127.0.0.1:41234 -> 3999", or nothing when it fails
                if "Forwarding from " not in line:
                    process.wait(5)
                    errors.seek(0)
                    raise PlumblineError(
                        f"port {port} of {target} in {namespace} cannot be forwarded: {errors.read().strip()}"
                    )
                yield line.split("Forwarding from ")[1].split(" ->")[0]
            finally:
                process.terminate()
                process.wait(5)


def name_of(item: Object) -> str:
    """Return an object's "namespace/name"."""
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"


def selector_of(workload: Object) -> str:
    """Return the label selector of a workload's pods."""
    labels = workload["spec"]["selector"].get("matchLabels", {})
    return ",".join(f"{key}={value}" for key, value in labels.items())


def condition_of(found: Object, kind: str) -> Object:
    """Return a condition of an object's status by its type; Unknown where nobody has said anything yet (null is nothing, too)."""
    said = (found.get("status") or {}).get("conditions") or []
    return next((one for one in said if one["type"] == kind), {"type": kind, "status": "Unknown"})


def container_statuses(pod: Object) -> list[Object]:
    """Return the state of each container of a pod that the kubelet has told of, those that only prepare first."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def pod_ready(pod: Object) -> bool:
    """Return whether a pod's Ready condition is true (a finished Job's pod counts as ready)."""
    if pod.get("status", {}).get("phase") == "Succeeded":
        return True
    return bool(condition_of(pod, "Ready")["status"] == "True")


def pod_started(pod: Object) -> bool:
    """Return whether all containers of a pod have started: their startup probes are passed."""
    containers = pod.get("status", {}).get("containerStatuses", [])
    return bool(containers) and all(each.get("started") for each in containers)


def unready(kube: Kube, namespace: str, pod: str) -> wait.Condition[None]:
    """Return a condition: a pod gets no clients any more, since it is not ready (or gone)."""

    def judge(pods: dict[str, Object]) -> wait.Observation[None]:
        return wait.Observation(not pod_ready(pods.get(pod, {})), None, f"{pod} is ready")

    return kube.watch("Pod", namespace, judge, name=pod)


def pod_state(pod: Object) -> str:
    """Say in one line what a pod is doing: its phase, and what its containers wait for or died of."""
    status = pod.get("status", {})
    said = [str(status.get("phase", "?"))]
    for container in container_statuses(pod):
        waiting = container.get("state", {}).get("waiting")
        died = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated")
        if waiting and waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            said.append(f"{container['name']} {waiting['reason']}: {waiting.get('message', '')}".strip(": "))
        if died and died.get("exitCode"):
            said.append(
                f"{container['name']} exit {died['exitCode']} {died.get('reason', '')} {died.get('message', '')}".strip()
            )
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said.append(condition.get("message", "not scheduled"))
    return ", ".join(said)


def node_address(node: Object) -> str:
    """Return a node's IPv4 address on the network of the nodes."""
    own = (said["address"] for said in node["status"]["addresses"] if said["type"] == "InternalIP")
    return next(str(address) for address in own if ":" not in address)


def balanced_address(service: Object) -> str:
    """Return the address that a load balancer gave to a Service; empty where it has none."""
    given = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return str(given[0].get("ip", ""))


def container_id(pod: Object, container: str) -> str:
    """Return the identity of a pod's container, which is another one after a restart; empty where it never ran."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return next((str(c.get("containerID", "")) for c in statuses if c["name"] == container), "")


def restarts(pod: Object) -> int:
    """Return how often the containers of a pod were restarted, all together."""
    return sum(c.get("restartCount", 0) for c in pod.get("status", {}).get("containerStatuses", []))


def rollout(workload: Object) -> tuple[int, int, bool]:
    """Return (ready, wanted, whether what runs is the current generation) of a workload."""
    status, spec = workload.get("status", {}), workload["spec"]
    current = status.get("observedGeneration", 0) >= workload["metadata"].get("generation", 1)
    if "desiredNumberScheduled" in status:  # a DaemonSet
        wanted = status.get("desiredNumberScheduled", 0)
        return status.get("numberReady", 0), wanted, current and status.get("updatedNumberScheduled", 0) >= wanted
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    old = status.get("replicas", 0) > updated  # those are ready, too, while the ones that should replace them are not
    return status.get("readyReplicas", 0), wanted, current and updated >= wanted and not old
