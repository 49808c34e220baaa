"""A certificate authority: keys, and certificates for hosts (RFC 5280), as PEM and as Secrets of type kubernetes.io/tls."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from plumbline.kube.api import Object

if TYPE_CHECKING:
    from cryptography import x509

_AUTHORITY_FOR = timedelta(days=3650)
_HOST_FOR = timedelta(days=397)  # clients take none that is valid for longer
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
_SKEW = timedelta(minutes=5)  # clocks of clients may be behind ours


@dataclass(frozen=True)
class Pair:
    """A private key and a certificate of its public half, both in PEM."""

    certificate_pem: str
    private_pem: str = field(repr=False)

    @classmethod
    def of(cls, secret: Object) -> Pair:
        """Return the pair in a Secret of type kubernetes.io/tls."""
        data = {key: b64decode(value).decode() for key, value in secret["data"].items()}
        return cls(data["tls.crt"], data["tls.key"])

    def as_secret(self, name: str, namespace: str, labels: Mapping[str, str]) -> Object:
        """Return a Secret of type kubernetes.io/tls with the pair."""
        halves = {"tls.crt": self.certificate_pem, "tls.key": self.private_pem}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
            "type": "kubernetes.io/tls",
            "data": {key: b64encode(pem.encode()).decode() for key, pem in halves.items()},
        }


@dataclass(frozen=True)
class Authority:
    """An authority that whoever trusts its certificate trusts for every host."""

    pair: Pair

    @classmethod
    def made(cls, name: str) -> Authority:
        """Make an authority of a name that people see in their browsers."""
        from cryptography import x509  # noqa: PLC0415  (loaded where something is signed only)
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        extensions = [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (_usage(key_cert_sign=True, crl_sign=True), True),
            (x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False),
        ]
        ours = _named(name)
        return cls(signed(private, ours, private, ours, (now - _SKEW, now + _AUTHORITY_FOR), extensions))

    def issue(self, hosts: Iterable[str], *, since: datetime | None = None, valid_for: timedelta = _HOST_FOR) -> Pair:
        """Make a key and a certificate for hosts.

        Args:
            hosts: names that the certificate is for.
            since: from when on it is valid; now where it is None.
            valid_for: for how long.
        """
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

        ours = x509.load_pem_x509_certificate(self.pair.certificate_pem.encode())
        by = serialization.load_pem_private_key(self.pair.private_pem.encode(), password=None)
        names, private = list(hosts), ec.generate_private_key(ec.SECP256R1())
        identifier = ours.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        extensions = [
            (x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
        ]
        start = since or datetime.now(UTC) - _SKEW
        return signed(private, _named(names[0]), by, ours.subject, (start, start + valid_for), extensions)


def signed(
    private: Any,
    subject: x509.Name,
    by: Any,
    issuer: x509.Name,
    valid: tuple[datetime, datetime],
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> Pair:
    """Return a key with its certificate.

    Args:
        private: the key.
        subject: whose it is.
        by: the issuer's key; the same one where the certificate signs itself.
        issuer: who signs.
        valid: from when to when.
        extensions: each with whether it is critical.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415

    builder = x509.CertificateBuilder(extensions=[x509.Extension(e.oid, critical, e) for e, critical in extensions])
    certificate = (
        builder.subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .sign(by, hashes.SHA256())
    )
    pem, traditional = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    private_pem = private.private_bytes(pem, traditional, serialization.NoEncryption())
    return Pair(certificate.public_bytes(pem).decode(), private_pem.decode())


def _named(name: str) -> x509.Name:
    from cryptography import x509  # noqa: PLC0415

    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])


def _usage(**allowed: bool) -> x509.KeyUsage:
    from cryptography import x509  # noqa: PLC0415

    return x509.KeyUsage(**{name: allowed.get(name, False) for name in _USAGES})
