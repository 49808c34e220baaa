"""A host that sends plain HTTP to TLS, as the charts' values have it where they do not say otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plumbline.components.certificates import Certificates
from plumbline.components.entrance import further_host

_NAME = "secured"
_REDIRECT = "nginx.ingress.kubernetes.io/ssl-redirect"


@contextmanager
def host(certificates: Certificates) -> Iterator[str]:
    """Serve Geth under one more host, with a certificate that is issued for it, while the block runs."""
    pair = certificates.authority().issue(further_host.named(_NAME).hosts)
    with further_host.standing(certificates, _NAME, pair, {_REDIRECT: "true"}) as wanted:
        yield wanted.hosts[0]
