"""Escrow: a file that holds secrets for the day on which everything else is lost, readable with a passphrase only.

The first line says in the clear whose it is and how it was encrypted (scrypt, RFC 7914; AES-256-GCM, which also covers that line);
the second one is what was encrypted. It is looked at as a whole before anything of it is used.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from plumbline.core.errors import UsageError

FORMAT = "plumbline-escrow-1"
SHORTEST_PASSPHRASE = 12
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}  # 128 MiB and a third of a second for each guess
_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 16, 12, 16
_HEAD_KEYS = {"format", "cluster", "uid", "made", "scrypt", "nonce", "bytes"}


class EscrowUnreadable(UsageError):
    """An escrow file cannot be used."""

    def __init__(self, why: str, fix: str) -> None:
        """Keep what is wrong with it, and what to do."""
        self.why, self.fix = why, fix
        super().__init__(f"this backup {why}: {fix}; nothing was changed")


@dataclass(frozen=True)
class Label:
    """What stands on an escrow file in the clear.

    Attributes:
        cluster: the name of the cluster that it was made of.
        uid: that cluster's own identity, which no other has.
        made: when (UTC, ISO 8601).
    """

    cluster: str
    uid: str
    made: str


def locked(label: Label, content: Any, passphrase: str) -> str:
    """Return an escrow file with a content (plain data).

    Raises:
        UsageError: the passphrase is too short.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UsageError(f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters: take a longer one")
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    kdf, plain = {**_SCRYPT, "salt": salt.hex()}, json.dumps(content).encode()
    head = json.dumps(
        {
            "format": FORMAT,
            **asdict(label),
            "scrypt": kdf,
            "nonce": nonce.hex(),
            "bytes": len(plain),
        }
    )
    body = AESGCM(_key(passphrase, kdf)).encrypt(nonce, plain, head.encode())
    return f"{head}\n{b64encode(body).decode()}\n"


def label_of(text: str) -> Label:
    """Return what stands on an escrow file; no passphrase is needed, and what it says is not proved yet.

    Raises:
        EscrowUnreadable: it is none.
    """
    head = _head(text)
    return Label(head["cluster"], head["uid"], head["made"])


def unlocked(text: str, passphrase: str) -> Any:
    """Return the content of an escrow file.

    Raises:
        EscrowUnreadable: it is none, it is not whole, or the passphrase is another one.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    head = _head(text)
    first, _, rest = text.partition("\n")
    try:
        body = b64decode(rest.strip(), validate=True)
    except ValueError:
        body = b""
    if len(body) != head["bytes"] + _TAG_BYTES:
        raise EscrowUnreadable("is not whole", "take another copy of it")
    try:
        key = _key(passphrase, head["scrypt"])
        return json.loads(AESGCM(key).decrypt(bytes.fromhex(head["nonce"]), body, first.encode()))
    except (InvalidTag, LookupError, TypeError, ValueError):
        raise EscrowUnreadable(
            "does not open with this passphrase", "give the one that it was made with (or it was altered since)"
        ) from None


def _head(text: str) -> dict[str, Any]:
    try:
        head = json.loads(text.partition("\n")[0])
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT or set(head) != _HEAD_KEYS:
        raise EscrowUnreadable(
            f"has no first line of the kind {FORMAT}", "give a file that plumbline secrets backup wrote"
        )
    return head


def _key(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415

    scrypt = Scrypt(salt=bytes.fromhex(kdf["salt"]), length=_KEY_BYTES, n=kdf["n"], r=kdf["r"], p=kdf["p"])
    return scrypt.derive(passphrase.encode())
