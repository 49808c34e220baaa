"""Credentials of registries, from the file in which ``docker login`` keeps them: they are never an argument, and never copied.

Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores (``config.json``, ``auths``).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from plumbline.core.errors import ConfigError


class BadCredentials(ConfigError):
    """The file with credentials is not what it should be."""

    def __init__(self, file: Path, reason: str, host: str) -> None:
        """Keep the file and the registry."""
        self.file, self.host = file, host
        super().__init__(f'{file} {reason}: put it right, or run "docker login {host}"')


@dataclass(frozen=True)
class Login:
    """How one is known to a registry; what is secret in it is not shown."""

    name: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of ``Authorization`` (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()


def file() -> Path:
    """Return where Docker keeps them."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def of(url: str) -> Login | None:
    """Return how one is known to the registry at a URL; None where Docker has nothing of it.

    Raises:
        BadCredentials: the file cannot be read, or what it says of that registry is no name and password.
    """
    host, where = urlsplit(url).netloc, file()
    try:
        auths = json.loads(where.read_text()).get("auths", {})
        entry = auths.get(host) or auths.get(url.rstrip("/")) or {}
        encoded = entry.get("auth", "")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise BadCredentials(where, f"cannot be read ({' '.join(str(error).split())})", host) from None
    if not encoded:
        return None  # none, or with a helper: a registry that demands some says so
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, TypeError, UnicodeDecodeError):
        name, colon, password = "", "", ""
    if not (name and colon):
        raise BadCredentials(where, f'has an "auth" of {host} that is not NAME:PASSWORD in base64', host)
    return Login(name, password)


def kept(folder: Path, url: str, login: Login) -> None:
    """Write down, in a folder that is to be $DOCKER_CONFIG, how one is known to a registry; as ``docker login`` does."""
    encoded = login.header.removeprefix("Basic ")
    file = folder / "config.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"auths": {urlsplit(url).netloc: {"auth": encoded}}}))
