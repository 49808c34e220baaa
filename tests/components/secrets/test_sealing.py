"""Key pairs, scopes and their reasons, and which key opens what: by the format of Sealed Secrets, without its programs."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from plumbline.components.secrets import sealing
from plumbline.components.secrets.sealing import BECAUSE, Scope, ScopeUnjustified, SealingKey
from plumbline.core import shell
from plumbline.core.errors import UsageError
from plumbline.kube.api import Object

PLAIN: Object = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "key", "namespace": "ethereum", "labels": {"a": "b"}},
    "stringData": {"key": "hunter22"},
}


@pytest.fixture(scope="session")
def keys() -> tuple[SealingKey, SealingKey]:
    """An old key pair, and one that was made right after it."""
    old = SealingKey.made()
    return old, SealingKey.made(after=old)


def sealed_to(key: SealingKey, scope: Scope = Scope.STRICT) -> Object:
    """A SealedSecret as kubeseal makes it: length, RSA-OAEP of a session key under the label, AES-GCM of the value."""
    annotations = {} if scope is Scope.STRICT else {scope.annotation: "true"}
    sealed: Object = {
        "kind": "SealedSecret",
        "metadata": {"name": "key", "namespace": "ethereum", "annotations": annotations},
        "spec": {"encryptedData": {}},
    }
    public = x509.load_pem_x509_certificate(key.pair.certificate_pem.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), sealing.label_of(sealed))
    session = public.encrypt(b"s" * 32, oaep)
    value = len(session).to_bytes(2, "big") + session + b"the value itself"
    sealed["spec"]["encryptedData"]["key"] = b64encode(value).decode()
    return sealed


def test_a_new_key_is_newer_though_made_in_the_same_second(keys: tuple[SealingKey, SealingKey]) -> None:
    old, new = keys

    assert new.since > old.since
    assert sealing.newest(keys) is new
    assert sealing.newest([]) is None


def test_a_key_survives_its_secret(keys: tuple[SealingKey, SealingKey]) -> None:
    secret = keys[0].as_secret("sealed-secrets")

    assert SealingKey.of(secret) == keys[0]
    assert secret["metadata"]["labels"] == {sealing.KEY_LABEL: "active"}
    assert keys[0].fingerprint[:10] in secret["metadata"]["name"]
    assert "PRIVATE" not in repr(keys[0])


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_what_was_sealed_to_it(keys: tuple[SealingKey, SealingKey], scope: Scope) -> None:
    sealed = sealed_to(keys[0], scope)

    assert keys[0].opens(sealed)
    assert not keys[1].opens(sealed)


@pytest.mark.parametrize(
    ("scope", "renamed", "moved"),
    [(Scope.STRICT, False, False), (Scope.NAMESPACE_WIDE, True, False), (Scope.CLUSTER_WIDE, True, True)],
)
def test_a_seal_is_bound_as_its_scope_says(
    keys: tuple[SealingKey, SealingKey], scope: Scope, renamed: bool, moved: bool
) -> None:
    sealed = sealed_to(keys[0], scope)
    meta = sealed["metadata"]

    assert keys[0].opens({**sealed, "metadata": {**meta, "name": "other"}}) is renamed
    assert keys[0].opens({**sealed, "metadata": {**meta, "namespace": "other"}}) is moved


def test_what_is_no_seal_opens_with_nothing(keys: tuple[SealingKey, SealingKey]) -> None:
    assert not keys[0].opens({**PLAIN, "spec": {"encryptedData": {"key": b64encode(b"x").decode()}}})


@pytest.fixture
def kubeseal(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What kubeseal was called with; it answers with the least that a SealedSecret has."""
    calls: list[Any] = []

    def say(argv: Any, *, input: str, **_: Any) -> shell.Result:  # noqa: A002
        calls.append((argv, json.loads(input)))
        answer = {"kind": "SealedSecret", "metadata": {"name": "key"}, "spec": {"encryptedData": {}}}
        return shell.Result((), 0, json.dumps(answer), "", 0.1)

    monkeypatch.setattr(shell, "run", say)
    return calls


def test_the_plain_secret_is_no_argument(kubeseal: list[Any]) -> None:
    sealed = sealing.seal(Path("kubeseal"), "certificate", PLAIN)

    ((argv, given),) = kubeseal
    assert "strict" in argv
    assert "hunter22" not in str(argv)
    assert given["stringData"] == PLAIN["stringData"]
    assert sealed["metadata"] == {**PLAIN["metadata"], "annotations": {}}


def test_annotations_do_not_widen_the_scope_unasked(kubeseal: list[Any]) -> None:
    wide = {Scope.CLUSTER_WIDE.annotation: "true", "kept": "yes"}

    sealing.seal(Path("kubeseal"), "certificate", {**PLAIN, "metadata": {**PLAIN["metadata"], "annotations": wide}})

    assert kubeseal[0][1]["metadata"]["annotations"] == {"kept": "yes"}


@pytest.mark.parametrize("because", ["", "  "])
def test_a_wider_scope_needs_a_reason(kubeseal: list[Any], because: str) -> None:
    with pytest.raises(ScopeUnjustified, match=r"ethereum/key would be sealed cluster-wide: say why \(--because TEXT"):
        sealing.seal(Path("kubeseal"), "certificate", PLAIN, Scope.CLUSTER_WIDE, because)

    assert not kubeseal


def test_the_reason_is_kept_with_the_seal(kubeseal: list[Any]) -> None:
    sealed = sealing.seal(
        Path("kubeseal"), "certificate", PLAIN, Scope.NAMESPACE_WIDE, "its name is made up by an operator"
    )

    assert sealed["metadata"]["annotations"][BECAUSE] == "its name is made up by an operator"
    assert sealing.justified(sealed)


def test_a_wider_scope_without_a_reason_is_noticed() -> None:
    assert not sealing.justified({"metadata": {"annotations": {Scope.CLUSTER_WIDE.annotation: "true"}}})
    assert sealing.justified({"metadata": {"annotations": {Scope.CLUSTER_WIDE.annotation: "false"}}})
    assert sealing.justified({"metadata": {}})


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(UsageError, match="this is no certificate in PEM"):
        sealing.fingerprint("-----BEGIN NOTHING-----")
