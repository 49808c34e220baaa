"""A host that sends plain HTTP to TLS, as the charts' values have it where they do not say otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plumbline.components.certificates import Certificates, Wanted
from plumbline.components.devnet import NAMESPACE
from plumbline.kube.api import Object

HOST = "secured.oumla.local"
_NAME = "secured"
_REDIRECT = "nginx.ingress.kubernetes.io/ssl-redirect"


@contextmanager
def host(certificates: Certificates) -> Iterator[str]:
    """Serve Geth under one more host, with a certificate that is issued for it, while the block runs."""
    kube, wanted = certificates.kube, Wanted(_NAME, NAMESPACE, (HOST,))
    certificates.deliver(wanted, certificates.authority().issue(wanted.hosts))
    kube.apply([_ingress(kube.get("Ingress", "api", NAMESPACE), wanted)])
    try:
        yield HOST
    finally:
        kube.delete("Ingress", _NAME, NAMESPACE)
        kube.delete("SealedSecret", _NAME, NAMESPACE)


def _ingress(model: Object, wanted: Wanted) -> Object:
    rules = [{**rule, "host": HOST} for rule in model["spec"]["rules"]]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": _NAME, "namespace": NAMESPACE, "annotations": {_REDIRECT: "true"}},
        "spec": {
            "ingressClassName": model["spec"]["ingressClassName"],
            "tls": [{"secretName": wanted.name, "hosts": [HOST]}],
            "rules": rules,
        },
    }
