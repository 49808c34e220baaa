"""Faults of the way in: backends that are lost, rules that let in too much, limits that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from plumbline.components.devnet import NAMESPACE
from plumbline.components.entrance import tls
from plumbline.components.light_client import NAMESPACE as LIGHT_CLIENT
from plumbline.components.monitoring import NAMESPACE as MONITORING
from plumbline.core import wait
from plumbline.faults.injuries.changes import added, changed, read, roll_out, workload_changed
from plumbline.faults.injuries.undo import cure, undone_by
from plumbline.faults.registry import fault
from plumbline.query import GETH_HOST, HELIOS_HOST

if TYPE_CHECKING:
    from plumbline.components.secrets.authority import Pair
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_CONTROLLER = ("nginx-ingress", "ingress-nginx")  # its Deployment and its Service, and their namespace
_ANNOTATION = "nginx.ingress.kubernetes.io"
_SERVED_WITHIN_S = 30.0
_GETH_IMAGE = "docker.io/ethereum/client-go:v1.17.10"


@fault("backend-lost", breaks="ING-001", injured=GETH_HOST, green=("CLU-001",))
def backend_lost(stack: Stack) -> Iterator[None]:
    """Geth's Service selects no pod."""
    with changed(stack, "Service", "geth", NAMESPACE, {"spec": {"selector": {"plumbline.dev/rpc": "nobody"}}}):
        yield


@fault("light-client-lost", breaks="ING-002", injured=HELIOS_HOST, green=("ING-001",))
def light_client_lost(stack: Stack) -> Iterator[None]:
    """Helios' Service selects no pod."""
    with changed(stack, "Service", "helios", LIGHT_CLIENT, {"spec": {"selector": {"plumbline.dev/rpc": "nobody"}}}):
        yield


@fault("host-renamed", breaks="ING-001", injured=GETH_HOST, green=("CLU-001",))
def host_renamed(stack: Stack) -> Iterator[None]:
    """The Ingress names another host."""
    with renamed_host(stack):
        yield


@contextmanager
def renamed_host(stack: Stack) -> Iterator[None]:
    """Have Geth's Ingress name another host."""
    rules = stack.site.kube.get("Ingress", "api", NAMESPACE)["spec"]["rules"]
    with changed(
        stack, "Ingress", "api", NAMESPACE, {"spec": {"rules": [{**rules[0], "host": "renamed.oumla.local"}]}}
    ):
        yield


@fault("password-forgotten", breaks="ING-003", injured="prometheus.oumla.local", green=("ING-001",))
def password_forgotten(stack: Stack) -> Iterator[None]:
    """The annotation that asks for credentials is lost: everybody is let in to Prometheus."""
    with changed(
        stack, "Ingress", "monitoring", MONITORING, {"metadata": {"annotations": {f"{_ANNOTATION}/auth-type": None}}}
    ):
        yield


@fault("alertmanager-lost", breaks="ING-003", injured="alertmanager.oumla.local", green=("ING-001",))
def alertmanager_lost(stack: Stack) -> Iterator[None]:
    """Alertmanager's Service selects no pod."""
    selector = {"spec": {"selector": {"app.kubernetes.io/name": "nobody"}}}
    with changed(stack, "Service", "alertmanager", MONITORING, selector):
        yield


@fault("everything-let-in", breaks="ING-004", injured="let-in", green=("ING-001",))
def everything_let_in(stack: Stack) -> Iterator[None]:
    """An Ingress for every host and every path leads to Geth."""
    backend = {"service": {"name": "geth", "port": {"name": "rpc"}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    spec = {"ingressClassName": "nginx", "rules": [rule]}
    meta = {"name": "let-in", "namespace": NAMESPACE}
    with added(stack, {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}):
        yield


@fault("sockets-refused", breaks="ING-005", injured=GETH_HOST, green=("CLU-001",))
def sockets_refused(stack: Stack) -> Iterator[None]:
    """A Geth node without WebSocket stands behind the public Service."""
    with _behind_the_service(stack, "geth-deaf", "--http.api=eth,net,web3"):
        yield


@fault("rate-unlimited", breaks="ING-006", injured=GETH_HOST, green=("ING-001",))
def rate_unlimited(stack: Stack) -> Iterator[None]:
    """The annotation that limits the rate of requests is lost."""
    with _annotated(stack, "limit-rps", None):
        yield


@fault("bodies-unlimited", breaks="ING-006", injured=GETH_HOST, green=("ING-001",))
def bodies_unlimited(stack: Stack) -> Iterator[None]:
    """The limit on the size of bodies is set far too high."""
    with _annotated(stack, "proxy-body-size", "64m"):
        yield


@contextmanager
def _annotated(stack: Stack, name: str, value: str | None) -> Iterator[None]:
    with changed(stack, "Ingress", "api", NAMESPACE, {"metadata": {"annotations": {f"{_ANNOTATION}/{name}": value}}}):
        yield


@fault("private-methods-served", breaks="ING-007", injured="geth-open", green=("CLU-001",))
def private_methods_served(stack: Stack) -> Iterator[None]:
    """A Geth node that serves every namespace stands behind the public Service."""
    every = "eth,net,web3,admin,debug,miner,txpool"
    websocket = ("--ws", "--ws.addr=0.0.0.0", "--ws.port=8545", f"--ws.api={every}")
    with _behind_the_service(stack, "geth-open", f"--http.api={every}", *websocket):
        yield


@fault("port-opened", breaks="ING-007", injured="8545", green=("ING-001",))
def port_opened(stack: Stack) -> Iterator[None]:
    """The load balancer forwards one more port."""
    ports = stack.site.kube.get("Service", *_CONTROLLER)["spec"]["ports"]
    more = [*ports, {"name": "rpc", "port": 8545, "targetPort": "http"}]
    with changed(stack, "Service", *_CONTROLLER, {"spec": {"ports": more}}):
        yield


@fault("certificate-of-another", breaks="ING-008", injured=GETH_HOST, green=("ING-001",))
def certificate_of_another(stack: Stack) -> Iterator[None]:
    """The certificate of Geth's host is for another name."""
    with _certified(stack, stack.certificates.authority().issue(["other.oumla.local"])):
        yield


@fault("certificate-expired", breaks="ING-008", injured=GETH_HOST, green=("ING-001",))
def certificate_expired(stack: Stack) -> Iterator[None]:
    """The certificate of Geth's host expired yesterday."""
    since = datetime.now(UTC) - timedelta(days=2)
    with _certified(stack, stack.certificates.authority().issue([GETH_HOST], since=since, valid_for=timedelta(days=1))):
        yield


@contextmanager
def _certified(stack: Stack, pair: Pair) -> Iterator[None]:
    """Have Geth's host present a certificate that it should not."""
    certificates = stack.certificates
    before = _presented(stack).serial
    with undone_by(stack, "renew-certificate", host=GETH_HOST):
        certificates.deliver(certificates.wanted_for(GETH_HOST), pair)
        # One for another name is not served at all: the controller takes one of its own making.
        changed = wait.holds(lambda: _presented(stack).serial != before, every_s=0.2)
        wait.until(changed, named=f"another certificate of {GETH_HOST} served", within_s=_SERVED_WITHIN_S)
        yield


@cure("renew-certificate")
def _renew_certificate(stack: Stack, *, host: str) -> None:
    pair = stack.certificates.renew(host)
    authority = stack.certificates.authority().pair.certificate_pem
    served = tls.serves(stack.ingress.door, host, pair.certificate_pem, authority)
    wait.until(served, named=f"the certificate of {host} served", within_s=_SERVED_WITHIN_S)


def _presented(stack: Stack) -> tls.Presented:
    authority = stack.certificates.authority().pair.certificate_pem
    return tls.presented(stack.ingress.door, GETH_HOST, authority)


@fault("controller-recreated", breaks="ING-009", injured="nginx-ingress", green=("CLU-001",), within_s=120)
def controller_recreated(stack: Stack) -> Iterator[None]:
    """The controller's old pod is ended before the new one is made."""
    recreate = {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}
    with changed(stack, "Deployment", *_CONTROLLER, recreate):
        yield


@fault("controller-ready-too-soon", breaks="ING-009", injured="nginx-ingress", green=("CLU-001",), within_s=120)
def controller_ready_too_soon(stack: Stack) -> Iterator[None]:
    """The controller has no readiness probe: a new one is sent clients before it has a single route."""
    template = read(stack, "Deployment", *_CONTROLLER)["spec"]["template"]
    (controller,) = template["spec"]["containers"]
    unasked = {key: value for key, value in controller.items() if key != "readinessProbe"}
    change = {"spec": {"template": {"spec": {"containers": [unasked]}}}}
    with workload_changed(stack, "Deployment", *_CONTROLLER, change):
        roll_out(stack, "Deployment", *_CONTROLLER)
        yield


@contextmanager
def _behind_the_service(stack: Stack, name: str, *args: str) -> Iterator[None]:
    """Have the public Service lead to a node of another chain, and to no other."""
    with added(stack, _node(name, args), _open_to_ingress(name)):
        wait.until(stack.site.kube.pods_ready(NAMESPACE, f"app={name}", 1), named=f"{name} ready", within_s=60)
        only_it = {"app": name, "app.kubernetes.io/name": None, "plumbline.dev/rpc": None}
        with changed(stack, "Service", "geth", NAMESPACE, {"spec": {"selector": only_it}}):
            yield


def _node(name: str, args: tuple[str, ...]) -> Object:
    always = ["--dev", "--datadir=/data", "--nodiscover", "--ipcdisable", "--http", "--http.addr=0.0.0.0"]
    confined: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "geth",
        "image": _GETH_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": [*always, f"--http.vhosts={GETH_HOST}", *args],
        "ports": [{"name": "rpc", "containerPort": 8545}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "rpc"}, "periodSeconds": 1},
        "securityContext": confined,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    security = {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # Geth takes GETH_PORT, which the Service "geth" makes, for its own option
        "terminationGracePeriodSeconds": 0,
        "securityContext": security,
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _meta(name), "spec": spec}


def _open_to_ingress(name: str) -> Object:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]
    rules = [{"from": peers, "ports": [{"port": 8545, "protocol": "TCP"}]}]
    spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"], "ingress": rules}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": _meta(name), "spec": spec}


def _meta(name: str) -> Object:
    return {"name": name, "namespace": NAMESPACE, "labels": {"app": name}}
