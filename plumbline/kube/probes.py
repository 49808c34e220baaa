"""Probe pods of the chart ``conformance``: they ask from inside the cluster, where nobody means them well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.core import wait
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Kube, pod_ready

NAMESPACE = "conformance"
_RELEASE = "conformance"
_FLOW = re.compile(r"src=(\S+) dst=(\S+) sport=(\d+) dport=53\b")

# getent asks as every program does, by the pod's own resolver configuration; only sooner out of patience, and for all at once.
_RESOLVE = """
export RES_OPTIONS="timeout:1 attempts:1"
for name; do
    { found=$(getent ahostsv4 "$name" | head -n 1); printf '%s %s\\n' "$name" "${found%% *}"; } &
done
wait
"""


@dataclass(frozen=True)
class Probe:
    """One probe pod, by its role: ``allowed``, ``denied`` or ``echo``."""

    role: str
    kube: Kube

    @property
    def pod(self) -> str:
        """Name of its pod.

        Raises:
            PlumblineError: there is none.
        """
        selector = f"app.kubernetes.io/instance={_RELEASE},app.kubernetes.io/component={self.role}"
        pods = [
            p
            for p in self.kube.objects("Pod", NAMESPACE, selector=selector)
            if "deletionTimestamp" not in p["metadata"]
        ]
        if not pods:
            raise PlumblineError(f'no probe pod stands in the role "{self.role}": see plumbline logs network-policy')
        return str(pods[0]["metadata"]["name"])

    def resolve(self, *names: str) -> dict[str, str]:
        """Return the address that each name resolves to here, empty where it does not."""
        said = self.kube.exec(NAMESPACE, self.pod, ["bash", "-c", _RESOLVE, "resolve", *names], within_s=60)
        if not said.ok:
            raise PlumblineError(f"probe {self.role} cannot ask for names: {said.stderr.strip()}")
        found = dict(line.split(" ", 1) for line in said.stdout.splitlines())
        return {name: found.get(name, "") for name in names}

    def resolves(self, known: Mapping[str, str]) -> wait.Condition[list[str]]:
        """Return the condition that names resolve here to the addresses that they should; the value tells of those that do not."""

        def look() -> wait.Observation[list[str]]:
            pod, found = self.pod, self.resolve(*known)
            wrong = [name for name, address in known.items() if found[name] != address]
            told = [f"{name} is {found[name] or 'unknown'} in {pod}, should be {known[name]}" for name in wrong]
            return wait.Observation(not wrong, told, f"{len(wrong)} of {len(known)} names are wrong in {pod}")

        return wait.poll(look, every_s=0.5)

    def ask(self, server: str) -> None:
        """Send a question for names straight to a server, and wait for no answer."""
        self.kube.exec(NAMESPACE, self.pod, question_to(server))

    def get(self, url: str) -> str:
        """Return the HTTP status of a URL as it is seen from here, or the reason why there is none."""
        argv = [
            "curl",
            "--silent",
            "--max-time",
            "5",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{errormsg}",
            url,
        ]
        status, _, error = self.kube.exec(NAMESPACE, self.pod, argv).stdout.partition(" ")
        return status if status not in ("", "000") else error or "no answer"


@dataclass(frozen=True)
class Question:
    """A talk with a name server, as the node's connection tracking remembers it.

    A packet that a NetworkPolicy refuses is never tracked; one that left is remembered for half a minute at least.

    Attributes:
        source: address of who asked.
        port: the port that it asked from.
        target: the name server's address.
    """

    source: str
    port: int
    target: str


LIST_QUESTIONS = ("sh", "-c", "conntrack -L -p udp --dport 53; conntrack -L -p tcp --dport 53")


def read_questions(listed: str) -> set[Question]:
    """Return the questions in a listing of conntrack (https://conntrack-tools.netfilter.org)."""
    found = (_FLOW.search(line) for line in listed.splitlines())
    return {Question(flow[1], int(flow[3]), flow[2]) for flow in found if flow}


def question_to(server: str) -> list[str]:
    """Return the command that sends a packet to a name server."""
    return ["bash", "-c", f"echo plumbline > /dev/udp/{server}/53"]


def known_names(kube: Kube) -> dict[str, str]:
    """Return the names that the cluster's DNS must know, with the address of each.

    Every Service that has an address, every ready pod with a name of its own (https://github.com/kubernetes/dns, specification),
    and a short name as it is used within the probes' namespace.
    """
    names = {}
    for service in kube.objects("Service", None):
        meta, address = service["metadata"], service["spec"].get("clusterIP", "None")
        if address != "None":
            names[f"{meta['name']}.{meta['namespace']}.svc.cluster.local"] = address
            if meta["namespace"] == NAMESPACE:
                names[meta["name"]] = address
    for pod in kube.objects("Pod", None):
        hostname, subdomain = pod["spec"].get("hostname"), pod["spec"].get("subdomain")
        if pod_ready(pod) and hostname and subdomain and (address := pod["status"].get("podIP")):
            names[f"{hostname}.{subdomain}.{pod['metadata']['namespace']}.svc.cluster.local"] = address
    return names
