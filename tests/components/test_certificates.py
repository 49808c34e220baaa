"""The authority and the certificates are made once, and what is missing is issued by the authority that there is."""

from __future__ import annotations

import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509

from plumbline.components.certificates import AUTHORITY, Certificates
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.components.secrets.authority import Authority, Pair
from plumbline.kube.api import Object

ROOT = Path(__file__).parents[2]


class Cluster:
    """A cluster in which everything that is sealed is unsealed at once."""

    def __init__(self) -> None:
        self.secrets: dict[str, Object] = {}
        self.delivered: list[str] = []

    def deliver(self, *secrets: Object) -> None:
        for secret in secrets:
            self.secrets[secret["metadata"]["name"]] = secret
            self.delivered.append(secret["metadata"]["name"])

    def find(self, _: str, name: str, __: str) -> Object | None:
        return self.secrets.get(name)

    def get(self, _: str, name: str, __: str) -> Object:
        return self.secrets[name]

    def ensure_namespace(self, *_: str) -> None:
        pass


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(SealedSecrets, "deliver", lambda _, *secrets: made.deliver(*secrets))
    monkeypatch.setattr(Certificates, "authority", lambda _: Authority(Pair.of(made.secrets[AUTHORITY])))
    return made


@pytest.fixture
def certificates(cluster: Cluster) -> Certificates:
    paths, config = SimpleNamespace(charts=ROOT / "charts"), SimpleNamespace(cluster_name="ethereum-cluster")
    return Certificates(SimpleNamespace(kube=cluster, paths=paths, config=config))  # type: ignore[arg-type]


def issuer(secret: Object) -> x509.Name:
    return x509.load_pem_x509_certificate(Pair.of(secret).certificate_pem.encode()).issuer


def test_all_of_it_is_made_once(cluster: Cluster, certificates: Certificates) -> None:
    certificates.stage()
    certificates.stage()

    assert cluster.delivered == [AUTHORITY, "api-tls", "helios-tls", "monitoring-tls"]
    for issued in ("api-tls", "helios-tls", "monitoring-tls"):
        assert cluster.secrets[issued]["type"] == "kubernetes.io/tls"
        assert issuer(cluster.secrets[issued]) == issuer(cluster.secrets[AUTHORITY])


def test_what_is_missing_is_issued_by_the_authority_that_there_is(cluster: Cluster, certificates: Certificates) -> None:
    certificates.stage()
    kept = cluster.secrets[AUTHORITY]
    del cluster.secrets["api-tls"]

    certificates.stage()

    assert cluster.secrets[AUTHORITY] is kept
    assert issuer(cluster.secrets["api-tls"]) == issuer(kept)


def test_a_renewed_certificate_takes_the_place_of_the_old_one(cluster: Cluster, certificates: Certificates) -> None:
    certificates.stage()
    old = Pair.of(cluster.secrets["api-tls"])

    new = certificates.renew("api.oumla.local")

    assert Pair.of(cluster.secrets["api-tls"]) == new != old
    ssl.create_default_context().load_verify_locations(cadata=new.certificate_pem)


def test_a_host_that_nobody_asked_for_has_none(certificates: Certificates) -> None:
    with pytest.raises(LookupError, match=r"no chart asks for a certificate of other\.oumla\.local"):
        certificates.renew("other.oumla.local")
