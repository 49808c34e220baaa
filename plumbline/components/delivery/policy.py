"""Our own policy for the cloud: what everything that is deployed there must hold to, a rule each.

A rule is asked of all renderings of one environment, and yields what offends against it, in words that name the chart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from plumbline.components.delivery.renderings import PROD, Rendering, containers, labels, pod, title
from plumbline.components.isolation.flows import denies_by_default
from plumbline.components.isolation.privileges import Privileges
from plumbline.components.isolation.restrictions import deviations
from plumbline.kube.api import Object
from plumbline.kube.selectors import selects

Rule = Callable[[Sequence[Rendering]], Iterator[str]]

_FIXED_TAG = re.compile(r"v?\d+\.\d+\.\d+\S*")
_OF_THIS_CHECKOUT = "plumbline.local/"
_ANYWHERE = ("0.0.0.0/0", "::/0")
_PEERS = frozenset({"p2p", "p2p-udp"})
_ZONE = "topology.kubernetes.io/zone"
# Balanced and SSD persistent disks: of terraform/modules/storage, which keeps them, and of GKE itself.
_DISKS = frozenset({"chain-balanced", "chain-ssd", "standard-rwo", "premium-rwo"})
_INTERNAL = {"networking.gke.io/load-balancer-type": "Internal"}
_RPC_FOR_EVERYBODY = frozenset({"eth", "net", "web3"})


def image_origins(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Images have a fixed version, and can be pulled by whoever has no checkout of ours."""
    for rendering, workload in _workloads(renderings):
        for container in containers(workload):
            name, _, tag = container["image"].rpartition(":")
            if name.startswith(_OF_THIS_CHECKOUT):
                yield _said(rendering, workload, f"{container['name']} runs {name}, which is built in a checkout only")
            if not _FIXED_TAG.fullmatch(tag):
                yield _said(rendering, workload, f"{container['name']} runs {name} with the tag {tag or 'latest'}")


def reserved_resources(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Each container reserves processor and memory, and has a limit of memory."""
    for rendering, workload in _workloads(renderings):
        for container in containers(workload):
            resources = container.get("resources", {})
            reserved, limited = resources.get("requests", {}), resources.get("limits", {})
            if not {"cpu", "memory"} <= set(reserved) or "memory" not in limited:
                yield _said(rendering, workload, f"{container['name']} reserves {reserved} and is limited by {limited}")


def readiness(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Each workload says when it can serve, but what runs to its end."""
    for rendering, workload in _workloads(renderings):
        probed = any("readinessProbe" in container for container in containers(workload))
        if workload["kind"] != "CronJob" and not probed:
            yield _said(rendering, workload, "does not say when it is ready")


def zone_loss(renderings: Sequence[Rendering]) -> Iterator[str]:
    """What has replicas loses one zone, or one node to maintenance, and goes on; in production, so does what clients reach."""
    for rendering, workload in _workloads(renderings):
        replicas = workload["spec"].get("replicas", 1)
        if replicas == 1:
            if rendering.way.name == PROD and _is_reached(rendering, workload):
                yield _said(rendering, workload, "serves clients of production alone")
            continue
        spread = pod(workload).get("topologySpreadConstraints", [])
        if not any((each["topologyKey"], each["whenUnsatisfiable"]) == (_ZONE, "DoNotSchedule") for each in spread):
            yield _said(rendering, workload, f"{replicas} replicas may all be in one zone")
        if not any(
            selects(budget["spec"]["selector"], labels(workload)) for budget in rendering.of_kind("PodDisruptionBudget")
        ):
            yield _said(rendering, workload, f"{replicas} replicas may all be evicted at once")


def kept_volumes(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Volumes are persistent disks of a chosen class, and outlive what uses them."""
    for rendering in renderings:
        for workload in rendering.of_kind("StatefulSet"):
            for claim in workload["spec"].get("volumeClaimTemplates", []):
                disk = claim["spec"].get("storageClassName")
                if disk not in _DISKS:
                    yield _said(rendering, workload, f"is on {disk or 'a disk of no class'}, not {sorted(_DISKS)}")
            kept = workload["spec"].get("persistentVolumeClaimRetentionPolicy", {})
            if set(kept.values()) - {"Retain"}:
                yield _said(rendering, workload, f"loses its volumes: {kept}")


def encrypted_endpoints(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Who comes from outside is served by TLS only."""
    for rendering in renderings:
        frontends = {each["metadata"]["name"]: each["spec"] for each in rendering.of_kind("FrontendConfig")}
        for ingress in _public(rendering):
            notes = ingress["metadata"].get("annotations", {})
            frontend = frontends.get(notes.get("networking.gke.io/v1beta1.FrontendConfig", ""), {})
            if not (ingress["spec"].get("tls") or "networking.gke.io/managed-certificates" in notes):
                yield _said(rendering, ingress, "has no certificate")
            if not frontend.get("redirectToHttps", {}).get("enabled"):
                yield _said(rendering, ingress, "serves plain HTTP")


def guarded_endpoints(renderings: Sequence[Rendering]) -> Iterator[str]:
    """What is open to the Internet stands behind a Cloud Armor policy; nothing else has an address outside."""
    for rendering in renderings:
        for backend in rendering.of_kind("BackendConfig"):
            if not backend["spec"].get("securityPolicy", {}).get("name"):
                yield _said(rendering, backend, "is open to everybody, without a security policy")
        if _public(rendering) and not rendering.of_kind("BackendConfig"):
            yield _said(rendering, _public(rendering)[0], "leads to a backend without a configuration")
        for service in rendering.of_kind("Service"):
            kind, notes = service["spec"].get("type", "ClusterIP"), service["metadata"].get("annotations", {})
            if kind == "NodePort" or (kind == "LoadBalancer" and not notes.items() >= _INTERNAL.items()):
                yield _said(rendering, service, f"is a {kind} that the Internet reaches")


def isolation(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Each namespace denies by default, each workload has a policy, and strangers reach the ports of peers only."""
    policies = [(rendering, each) for rendering in renderings for each in rendering.of_kind("NetworkPolicy")]
    denied = {rendering.namespace_of(each) for rendering, each in policies if denies_by_default(each)}
    for rendering, workload in _workloads(renderings):
        if rendering.namespace_of(workload) not in denied:
            yield _said(rendering, workload, f"nothing is denied by default in {rendering.namespace_of(workload)}")
        own = [each["spec"]["podSelector"] for each in rendering.of_kind("NetworkPolicy")]
        if not any(selector and selects(selector, labels(workload)) for selector in own):
            yield _said(rendering, workload, "has no policy")
    for rendering, policy in policies:
        for rule in policy["spec"].get("ingress", []):
            everybody = "from" not in rule or any(
                peer.get("ipBlock", {}).get("cidr") in _ANYWHERE for peer in rule["from"]
            )
            opened = {str(port["port"]) for port in rule.get("ports", [])}
            if everybody and (not opened or opened - _PEERS):
                yield _said(rendering, policy, f"opens {sorted(opened) or 'every port'} to everybody")


def public_chain(renderings: Sequence[Rendering]) -> Iterator[str]:
    """Geth follows a public network by snap sync, and serves what is fit for everybody."""
    for rendering, workload in _workloads(renderings):
        for container in containers(workload):
            if container["name"] != "geth":
                continue
            flags = dict(word.removeprefix("--").partition("=")[::2] for word in container["args"])
            if not {"sepolia", "mainnet"} & set(flags):
                yield _said(rendering, workload, "follows no public network")
            if flags.get("syncmode") != "snap":
                yield _said(rendering, workload, f"synchronises by {flags.get('syncmode')}")
            served = {flags.get(key, "") for key in ("http.api", "ws.api")}
            if secret := sorted(set(",".join(served).split(",")) - _RPC_FOR_EVERYBODY):
                yield _said(rendering, workload, f"serves {', '.join(secret)}")


def no_secrets(renderings: Sequence[Rendering]) -> Iterator[str]:
    """No secret is in a chart, its values, or what comes of them."""
    for rendering in renderings:
        for secret in rendering.of_kind("Secret"):
            if secret.get("data") or secret.get("stringData"):
                yield _said(rendering, secret, "has content")


RULES: Mapping[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        image_origins,
        reserved_resources,
        readiness,
        zone_loss,
        kept_volumes,
        encrypted_endpoints,
        guarded_endpoints,
        isolation,
        public_chain,
        no_secrets,
    )
}


def unrestricted(renderings: Sequence[Rendering], privileges: Privileges) -> Iterator[str]:
    """Yield what pods may do beyond the restricted level though no exception says so; the API's token is for RBAC to bound."""
    for rendering, workload in _workloads(renderings):
        name = workload["metadata"]["name"]
        excepted = {"token", *privileges.reasons.get(f"{rendering.namespace_of(workload)}/{name}", {})}
        for deviation in sorted(deviations(pod(workload), name) - excepted):
            yield _said(rendering, workload, f"is not restricted: {deviation}")


def _workloads(renderings: Sequence[Rendering]) -> Iterator[tuple[Rendering, Object]]:
    return ((rendering, workload) for rendering in renderings for workload in rendering.workloads)


def _public(rendering: Rendering) -> list[Object]:
    """Return the Ingresses that a load balancer of the cloud serves, which has no IngressClass."""
    return [each for each in rendering.of_kind("Ingress") if "ingressClassName" not in each["spec"]]


def _is_reached(rendering: Rendering, workload: Object) -> bool:
    """Return whether a public Ingress leads to a workload."""
    named = {
        path["backend"]["service"]["name"]
        for ingress in _public(rendering)
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    return any(
        service["metadata"]["name"] in named and selects({"matchLabels": service["spec"]["selector"]}, labels(workload))
        for service in rendering.of_kind("Service")
    )


def _said(rendering: Rendering, each: Object, what: str) -> str:
    return f"charts/{rendering.way.chart}, {rendering.way.name}: {title(each)} {what}"
