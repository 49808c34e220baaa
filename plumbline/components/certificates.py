"""Certificates for the hosts of a local cluster, from an authority of its own; cert-manager takes this place in production."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from plumbline.components import sealed_secrets
from plumbline.components.base import Component
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.components.secrets.authority import Authority, Pair
from plumbline.core import wait
from plumbline.kube import ours

AUTHORITY = "local-ca"
AUTHORITY_NAMESPACE = sealed_secrets.NAMESPACE  # where no workload reads Secrets but the controller
_CHARTS: Mapping[str, str] = {  # chart with an Ingress -> namespace of its release
    "geth-node": "ethereum",
    "helios": "helios",
    "kube-prometheus-stack": "monitoring",
}
_UNSEALED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Wanted:
    """A certificate that an Ingress names.

    Attributes:
        name: of the Secret.
        namespace: of the Secret.
        hosts: names that it is for.
    """

    name: str
    namespace: str
    hosts: tuple[str, ...]


class Certificates(Component):
    """The authority and what it issued, as SealedSecrets: a certificate is renewed by sealing another one under the same name."""

    name: ClassVar[str] = "certificates"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)
    uses: ClassVar[tuple[str, ...]] = ("sealed-secrets",)

    def stage(self) -> None:
        """Make the authority and the certificates that are missing; nobody waits for them to be unsealed."""
        missing = [wanted for wanted in self.wanted() if not self._sealed(wanted.name, wanted.namespace)]
        if not self._sealed(AUTHORITY, AUTHORITY_NAMESPACE):
            made = Authority.made(f"Plumbline, {self.site.config.cluster_name}")
            SealedSecrets(self.site).deliver(made.pair.as_secret(AUTHORITY, AUTHORITY_NAMESPACE, ours.LABELS))
            self._issue(made, self.wanted())
        elif missing:
            self._issue(self.authority(), missing)

    def deploy(self) -> None:
        """Nothing more: the controller makes the Secrets."""

    def ready(self) -> wait.Condition[Any]:
        """Hold when the controller has unsealed all of them."""
        sealed = SealedSecrets(self.site)
        everything = ((AUTHORITY_NAMESPACE, AUTHORITY), *((one.namespace, one.name) for one in self.wanted()))
        return wait.every(*(sealed.unsealed(namespace, name) for namespace, name in everything))

    def fingerprint(self) -> str:
        """Return a checksum over what is wanted; what was issued is kept."""
        return hashlib.sha256(repr(self.wanted()).encode()).hexdigest()

    # -- what can be asked of it ---------------------------------------------------------------------------------

    def wanted(self) -> list[Wanted]:
        """Return the certificates that the charts' Ingress objects name, by their values for a local cluster."""
        found = [_wanted(self.site.paths.charts / chart, namespace) for chart, namespace in _CHARTS.items()]
        return [wanted for wanted in found if wanted is not None]

    def wanted_for(self, host: str) -> Wanted:
        """Return the certificate of a host.

        Raises:
            LookupError: no chart asks for one.
        """
        found = next((wanted for wanted in self.wanted() if host in wanted.hosts), None)
        if found is None:
            raise LookupError(f"no chart asks for a certificate of {host}")
        return found

    def authority(self) -> Authority:
        """Return the authority, once it is unsealed.

        Raises:
            wait.Timeout: it is not.
        """
        unsealed = SealedSecrets(self.site).unsealed(AUTHORITY_NAMESPACE, AUTHORITY)
        wait.until(unsealed, named="the local authority unsealed", within_s=_UNSEALED_WITHIN_S)
        return Authority(Pair.of(self.kube.get("Secret", AUTHORITY, AUTHORITY_NAMESPACE)))

    def deliver(self, wanted: Wanted, pair: Pair) -> None:
        """Give the ingress a certificate, in place of the one that it has."""
        SealedSecrets(self.site).deliver(pair.as_secret(wanted.name, wanted.namespace, ours.LABELS))

    def renew(self, host: str) -> Pair:
        """Issue the certificate of a host anew, give it to the ingress, and return it."""
        wanted = self.wanted_for(host)
        pair = self.authority().issue(wanted.hosts)
        self.deliver(wanted, pair)
        return pair

    def _issue(self, by: Authority, wanted: Iterable[Wanted]) -> None:
        for one in wanted:
            self.kube.ensure_namespace(one.namespace, "restricted")
            self.deliver(one, by.issue(one.hosts))

    def _sealed(self, name: str, namespace: str) -> bool:
        return self.kube.find("SealedSecret", name, namespace) is not None


def _wanted(chart: Path, namespace: str) -> Wanted | None:
    ingress = yaml.safe_load((chart / "values.local.yaml").read_text()).get("ingress", {})
    secret = ingress.get("tls", {}).get("secretName")
    return Wanted(secret, namespace, tuple(ingress["hosts"])) if secret else None
