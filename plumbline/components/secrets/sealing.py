"""Sealing by itself, without a controller: key pairs, scopes, and which key opens what was sealed.

The formats are those of Sealed Secrets: https://github.com/bitnami/sealed-secrets/blob/v0.38.4/docs/developer/crypto.md
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from plumbline.components.secrets import authority
from plumbline.components.secrets.authority import Pair
from plumbline.core import shell
from plumbline.core.errors import UsageError
from plumbline.kube.api import Object, name_of

KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key"
BECAUSE = "plumbline.dev/scope-because"
_ANNOTATIONS = "sealedsecrets.bitnami.com"
_KEY_BITS = 3072  # as strong as AES-128 (NIST SP 800-57); 4096 take three times as long, and a bring-up waits for it
_VALID_FOR = timedelta(days=3650)
_SEAL_WITHIN_S = 20.0
_LENGTH_BYTES = 2  # of the encrypted session key's length, in front of it


class Scope(StrEnum):
    """Where a sealed secret can be unsealed: under its own name, in its namespace under any name, or anywhere in its cluster."""

    STRICT = "strict"
    NAMESPACE_WIDE = "namespace-wide"
    CLUSTER_WIDE = "cluster-wide"

    @property
    def annotation(self) -> str:
        """The annotation that says so; a strict scope has none."""
        return f"{_ANNOTATIONS}/{self}"


WIDE = (Scope.CLUSTER_WIDE, Scope.NAMESPACE_WIDE)  # where both are annotated, the controller goes by the first


class ScopeUnjustified(UsageError):
    """Somebody wants a scope wider than strict and does not say why."""

    def __init__(self, where: str, scope: Scope) -> None:
        """Keep which secret it is ("namespace/name"), and the scope."""
        self.where, self.scope = where, scope
        super().__init__(
            f"{where} would be sealed {scope}: say why (--because TEXT; the annotation {BECAUSE}), or leave its scope strict"
        )


@dataclass(frozen=True)
class SealingKey:
    """A key pair that secrets are sealed with.

    Attributes:
        name: of the Secret that holds it.
        pair: whoever has its certificate can seal; whoever has its private half can unseal.
    """

    name: str
    pair: Pair

    @classmethod
    def made(cls, after: SealingKey | None = None) -> SealingKey:
        """Make a key pair; it is newer than ``after``, though they be made in the same second."""
        from cryptography import x509  # noqa: PLC0415  (loaded where something is sealed only)
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

        private, nobody = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS), x509.Name([])
        since = datetime.now(UTC).replace(microsecond=0)  # certificates know no fractions of seconds
        if after is not None:
            since = max(since, after.since + timedelta(seconds=1))
        pair = authority.signed(private, nobody, private, nobody, (since, since + _VALID_FOR))
        return cls(f"sealed-secrets-key-{fingerprint(pair.certificate_pem)[:10]}", pair)

    @classmethod
    def of(cls, secret: Object) -> SealingKey:
        """Return the key pair in a Secret."""
        return cls(secret["metadata"]["name"], Pair.of(secret))

    def as_secret(self, namespace: str) -> Object:
        """Return the Secret by which a controller in a namespace knows the key pair."""
        return self.pair.as_secret(self.name, namespace, {KEY_LABEL: "active"})

    @cached_property
    def since(self) -> datetime:
        """The moment from which its certificate is valid: the controller seals with the newest of its keys."""
        return self._certificate.not_valid_before_utc  # type: ignore[no-any-return]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the public half."""
        return fingerprint(self.pair.certificate_pem)

    def opens(self, sealed: Object) -> bool:
        """Return whether it unseals every value of a SealedSecret, under the name and namespace that this has now."""
        return all(
            self._opens(b64decode(value), label_of(sealed)) for value in sealed["spec"]["encryptedData"].values()
        )

    def _opens(self, sealed: bytes, label: bytes) -> bool:
        """Try to decrypt the session key in front of a value (RSA-OAEP); the value itself stays sealed."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

        end = _LENGTH_BYTES + int.from_bytes(sealed[:_LENGTH_BYTES], "big")
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)
        try:
            self._private.decrypt(sealed[_LENGTH_BYTES:end], oaep)
        except ValueError:
            return False
        return True

    @cached_property
    def _certificate(self) -> Any:
        from cryptography import x509  # noqa: PLC0415

        return x509.load_pem_x509_certificate(self.pair.certificate_pem.encode())

    @cached_property
    def _private(self) -> Any:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

        return serialization.load_pem_private_key(self.pair.private_pem.encode(), password=None)


def fingerprint(certificate_pem: str) -> str:
    """Return the SHA-256 of a certificate's public key, in hexadecimal.

    Raises:
        UsageError: it is no certificate.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    try:
        public = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    except ValueError as error:
        raise UsageError(f"this is no certificate in PEM ({error}): give the controller's") from None
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def newest(keys: Iterable[SealingKey]) -> SealingKey | None:
    """Return the key that the controller seals with."""
    return max(keys, key=lambda key: key.since, default=None)


def seal(
    kubeseal: Path, certificate_pem: str, secret: Object, scope: Scope = Scope.STRICT, because: str = ""
) -> Object:
    """Return the SealedSecret of a Secret.

    Args:
        kubeseal: the program.
        certificate_pem: of the cluster that may unseal it.
        secret: the Secret; annotations that would widen its scope do not count.
        scope: where it can be unsealed.
        because: why that is wider than strict, in words.

    Raises:
        ScopeUnjustified: it is, and nobody says why.
    """
    meta = secret["metadata"]
    kept = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in {wide.annotation for wide in WIDE}}
    plain = {**secret, "metadata": {**meta, "annotations": kept}}
    if scope is not Scope.STRICT and not because.strip():
        raise ScopeUnjustified(name_of(secret), scope)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as certificate:
        certificate.write(certificate_pem)
        certificate.flush()
        argv: list[str | Path] = [kubeseal, "--cert", certificate.name, "--scope", scope, "--format", "json"]
        said = shell.run(argv, within_s=_SEAL_WITHIN_S, input=json.dumps(plain)).stdout
    sealed: Object = json.loads(said)
    annotations = {**(sealed["metadata"].get("annotations") or {}), **({BECAUSE: because.strip()} if because else {})}
    sealed["metadata"] = {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "labels": meta.get("labels", {}),
        "annotations": annotations,
    }
    return sealed


def scope_of(sealed: Object) -> Scope:
    """Return the scope of a SealedSecret, as the controller reads it."""
    annotations = _annotations(sealed)
    return next((wide for wide in WIDE if annotations.get(wide.annotation) == "true"), Scope.STRICT)


def justified(sealed: Object) -> bool:
    """Return whether a SealedSecret's scope is strict, or says why it is not."""
    return scope_of(sealed) is Scope.STRICT or bool(_annotations(sealed).get(BECAUSE, "").strip())


def label_of(sealed: Object) -> bytes:
    """Return what a SealedSecret's values are bound to: OAEP's label."""
    scope, meta = scope_of(sealed), sealed["metadata"]
    bound: dict[Scope, str] = {
        Scope.STRICT: name_of(sealed),
        Scope.NAMESPACE_WIDE: meta["namespace"],
        Scope.CLUSTER_WIDE: "",
    }
    return bound[scope].encode()


def _annotations(item: Object) -> Mapping[str, str]:
    return item["metadata"].get("annotations") or {}
