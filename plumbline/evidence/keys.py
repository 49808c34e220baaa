"""The key that evidence is signed with: a checkout's own, or one that a CI system hands over."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from plumbline.core import state
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths

VARIABLE = "PLUMBLINE_EVIDENCE_KEY"  # names a file with the private key (PEM)


def signing(paths: Paths) -> Ed25519PrivateKey:
    """Return the private key: that of the file that PLUMBLINE_EVIDENCE_KEY names, else the checkout's, made when first needed."""
    named = os.environ.get(VARIABLE)
    file = Path(named) if named else _file(paths)
    if not named and not file.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        state.write_text(file, pem.decode(), mode=0o600)
        state.write_text(public_file(paths), _pem(made.public_key()))
    found = _load(file, lambda data: load_pem_private_key(data, None))
    if not isinstance(found, Ed25519PrivateKey):
        raise UsageError(f"{file} holds no Ed25519 private key: make one with openssl genpkey -algorithm ed25519")
    return found


def trusted(paths: Paths, file: Path | None = None) -> Ed25519PublicKey:
    """Return the public key that evidence is checked with: that of a file (PEM), else the one that this checkout signs with.

    Raises:
        UsageError: no file is named, and nothing was signed here yet; or it holds no such key.
    """
    if file is None:
        if not (os.environ.get(VARIABLE) or _file(paths).exists()):
            raise UsageError("this checkout has signed nothing yet: name the signer's public key (--key FILE)")
        return signing(paths).public_key()
    found = _load(file, load_pem_public_key)
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError(f"{file} holds no Ed25519 public key: name the one of the signer")
    return found


def public_file(paths: Paths) -> Path:
    """Return where the checkout's public key is, to be handed to those who check."""
    return _file(paths).with_suffix(".pub.pem")


def _file(paths: Paths) -> Path:
    return paths.state / "evidence-key.pem"


def _load(file: Path, parse: Callable[[bytes], object]) -> object:
    try:
        return parse(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"no key can be read from {file} ({error}): it is a PEM file") from None


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
