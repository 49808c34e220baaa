"""Who is let in to the monitoring's hosts: a user and a password that exist only in the cluster, sealed on their way there."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from plumbline.kube.api import Object
from plumbline.kube.ours import meta

NAME = "monitoring-credentials"
USER = "plumbline"
_BYTES = 24


@dataclass(frozen=True)
class Credentials:
    """A user and a password."""

    user: str
    password: str

    @classmethod
    def made(cls) -> Credentials:
        """Return new ones."""
        return cls(USER, secrets.token_urlsafe(_BYTES))

    @classmethod
    def of(cls, secret: Object) -> Credentials:
        """Read those of a Secret."""
        data: Mapping[str, str] = secret["data"]
        password, line = (base64.b64decode(data[key]).decode() for key in ("password", "auth"))
        return cls(line.partition(":")[0], password)

    def as_secret(self, namespace: str) -> Object:
        """Return the Secret: for people, and as the ingress checks them (a line as htpasswd writes it).

        A fast hash without salt is enough: nobody can try 192 bits of chance.
        """
        digest = base64.b64encode(hashlib.sha1(self.password.encode()).digest()).decode()  # noqa: S324
        data = {"password": self.password, "auth": f"{self.user}:{{SHA}}{digest}\n"}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(NAME, namespace), "stringData": data}
