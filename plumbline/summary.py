"""What a person needs to use a standing stack: hosts, addresses, ports, the /etc/hosts line, where credentials are."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from plumbline.components import devnet, monitoring
from plumbline.components.certificates import AUTHORITY, AUTHORITY_NAMESPACE
from plumbline.components.devnet import CONTROL_SECRET, JWT_SECRET, KEYS_SECRET
from plumbline.components.entrance.reach import Door
from plumbline.components.telemetry import credentials, dashboards
from plumbline.kube.api import balanced_address
from plumbline.stack import Stack

_CREDENTIALS = (
    ("Engine API (JWT)", devnet.NAMESPACE, JWT_SECRET, "jwt.hex"),
    ("Geth node keys", devnet.NAMESPACE, KEYS_SECRET, ""),
    ("beacon node's fault control", devnet.NAMESPACE, CONTROL_SECRET, "token"),
    (f"Prometheus and Alertmanager, user {credentials.USER}", monitoring.NAMESPACE, credentials.NAME, "password"),
)


def render(stack: Stack, *, show_credentials: bool) -> str:
    """Return the summary of a standing stack as text.

    Args:
        stack: a stack whose cluster stands.
        show_credentials: print the local credentials themselves, not only where they are.
    """
    return "\n".join(_lines(stack, show_credentials)) + "\n"


def _lines(stack: Stack, show_credentials: bool) -> Iterator[str]:
    kube, hosts = stack.site.kube, stack.ingress.hosts()
    yield f"Cluster      {stack.site.config.cluster_name} (context {kube.context})"
    yield f"Kubeconfig   {kube.kubeconfig}"
    balanced = [s for s in kube.objects("Service", None) if s["spec"].get("type") == "LoadBalancer"]
    for service in balanced:
        ports = ", ".join(str(port["port"]) for port in service["spec"]["ports"])
        yield f"Address      {balanced_address(service) or '(none yet)'}  {service['metadata']['name']} (ports {ports})"
    if hosts and balanced:
        door = stack.ingress.door
        for host, namespace in sorted(hosts.items()):
            yield f"Host         {Door(host, door.http).url().removesuffix(':80')}/  (namespace {namespace})"
        yield f"TLS          on port {door.https}, too; trust tls.crt of secret/{AUTHORITY} in namespace {AUTHORITY_NAMESPACE}"
        yield "/etc/hosts   add this line to use the names from this machine:"
        yield f"{door.address} {' '.join(sorted(hosts))}"
    yield "Credentials  Secrets in the cluster (plumbline summary --show-credentials prints the local ones):"
    for what, namespace, name, key in _CREDENTIALS:
        found = kube.find("Secret", name, namespace)
        if found is None:
            continue
        shown = f": {b64decode(found['data'][key]).decode()}" if show_credentials and key else ""
        yield f"             {what}: secret/{name} in namespace {namespace}{shown}"
    for dashboard in sorted(dashboards.deployed(kube), key=lambda one: one.title):
        yield f"Dashboard    {dashboard.title}: uid {dashboard.uid}, path /d/{dashboard.uid} of a Grafana"
    yield "Grafana      not deployed (no package registry carries it; where images can be pulled it is)"
    yield "Warning      the devnet has Sepolia's chain id: a transaction signed here is valid there; use the developer keys only"
