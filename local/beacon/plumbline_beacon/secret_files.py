"""Secrets that are given as files: the Engine API's JWT secret and the control port's token."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_JWT_SECRET_BYTES: Final = 32
_SHORTEST_TOKEN: Final = 16


class BadSecretFile(ValueError):
    """A secret file that cannot be used."""

    def __init__(self, what: str, path: Path, reason: str, needed: str) -> None:
        super().__init__(f"{what} {path} cannot be used: {reason}; it must hold {needed}")


def read_jwt_secret(path: Path) -> bytes:
    """Return the JWT secret of an engine (execution-apis engine/authentication.md).

    Raises:
        BadSecretFile: The file cannot be read or does not hold 32 bytes in hex.
    """
    what, needed = "JWT secret file", f"{_JWT_SECRET_BYTES} bytes in hex, as Geth's --authrpc.jwtsecret"
    text = _read(path, what, needed)
    try:
        secret = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise BadSecretFile(what, path, "it is not hexadecimal", needed) from error
    if len(secret) != _JWT_SECRET_BYTES:
        raise BadSecretFile(what, path, f"it has {len(secret)} bytes", needed)
    return secret


def read_control_token(path: Path) -> str:
    """Return the control port's bearer token.

    Raises:
        BadSecretFile: The file cannot be read or its token is too short.
    """
    what, needed = "control token file", f"at least {_SHORTEST_TOKEN} characters"
    token = _read(path, what, needed)
    if len(token) < _SHORTEST_TOKEN:
        raise BadSecretFile(what, path, f"its token has {len(token)} characters", needed)
    return token


def _read(path: Path, what: str, needed: str) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError as error:
        raise BadSecretFile(what, path, error.strerror or "it cannot be read", needed) from error
    except UnicodeDecodeError as error:
        raise BadSecretFile(what, path, "it is not plain text", needed) from error
