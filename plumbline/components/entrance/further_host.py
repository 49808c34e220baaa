"""One more host in front of Geth, with a certificate of its own, for as long as something is tried on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from plumbline.components.certificates import Certificates, Wanted
from plumbline.components.devnet import NAMESPACE
from plumbline.components.secrets.authority import Pair
from plumbline.kube.api import Object


@contextmanager
def standing(
    certificates: Certificates, name: str, pair: Pair, annotations: Mapping[str, str] | None = None
) -> Iterator[Wanted]:
    """Serve Geth under the host NAME.oumla.local while the block runs.

    Args:
        certificates: what delivers its certificate.
        name: of the Ingress, and of the Secret with the certificate.
        pair: the certificate to begin with.
        annotations: of the Ingress.
    """
    kube, wanted = certificates.kube, named(name)
    certificates.deliver(wanted, pair)
    kube.apply([_ingress(kube.get("Ingress", "api", NAMESPACE), wanted, annotations or {})])
    try:
        yield wanted
    finally:
        kube.delete("Ingress", name, NAMESPACE)
        kube.delete("SealedSecret", name, NAMESPACE)


def named(name: str) -> Wanted:
    """Return the certificate that the host NAME.oumla.local wants."""
    return Wanted(name, NAMESPACE, (f"{name}.oumla.local",))


def _ingress(model: Object, wanted: Wanted, annotations: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": wanted.name, "namespace": wanted.namespace, "annotations": dict(annotations)},
        "spec": {
            "ingressClassName": model["spec"]["ingressClassName"],
            "tls": [{"secretName": wanted.name, "hosts": list(wanted.hosts)}],
            "rules": [{**rule, "host": host} for rule in model["spec"]["rules"] for host in wanted.hosts],
        },
    }
