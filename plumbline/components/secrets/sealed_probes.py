"""Secrets of nobody's, sealed to see what becomes of them, and taken away again."""

from __future__ import annotations

import json
import secrets
from base64 import b64decode

from plumbline.components.sealed_secrets import NAMESPACE, SealedSecrets
from plumbline.components.secrets import sealing
from plumbline.components.secrets.sealing import SealingKey
from plumbline.core import shell, wait
from plumbline.kube import api as k8s
from plumbline.kube.api import Object

_KEY = "value"


class SealedProbes:
    """SealedSecrets in a namespace that the controller serves: its own, where no workload looks for secrets."""

    def __init__(self, sealed_secrets: SealedSecrets) -> None:
        """Seal for this controller."""
        self.sealed_secrets = sealed_secrets
        self._made: list[Object] = []

    def plain(self, name: str) -> Object:
        """Return a Secret with a random value, which is nowhere else."""
        meta = {"name": name, "namespace": NAMESPACE}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {_KEY: secrets.token_urlsafe(24)}}

    def seal(self, name: str) -> str:
        """Seal a new Secret, hand it over, and return its value."""
        plain = self.plain(name)
        self.hand_over(self.sealed_secrets.seal(plain))
        return str(plain["stringData"][_KEY])

    def sealed_with(self, key: SealingKey, name: str) -> Object:
        """Return a new Secret sealed with a key that is not the cluster's."""
        return sealing.seal(self.sealed_secrets.kubeseal, key.pair.certificate_pem, self.plain(name))

    def hand_over(self, sealed: Object) -> None:
        """Give a SealedSecret to the cluster."""
        self._made.append(sealed)
        self.sealed_secrets.kube.apply([sealed])

    def unsealed(self, *names: str) -> wait.Condition[None]:
        """Return a condition: these were unsealed, as they are now."""
        return self.sealed_secrets.unsealed(NAMESPACE, *names)

    def refused(self, sealed: Object) -> wait.Condition[str]:
        """Return a condition: the controller has tried this one, and says why it does not open."""
        name, namespace = sealed["metadata"]["name"], sealed["metadata"]["namespace"]

        def judge(found: dict[str, Object]) -> wait.Observation[str]:
            said = k8s.condition_of(found.get(name, {}), "Synced")
            state = f"{namespace}/{name}: Synced {said['status']} {said.get('message', '')}".strip()
            return wait.Observation(said["status"] == "False", state, state)

        return self.sealed_secrets.kube.watch("SealedSecret", namespace, judge, name=name)

    def there(self, name: str) -> wait.Condition[str]:
        """Return a condition: the Secret of that name is there; its value is what it holds."""
        return wait.holds(
            lambda: self.value(name) or "", every_s=0.1, named=lambda _: f"Secret {NAMESPACE}/{name} is gone"
        )

    def offered(self, sealed: Object) -> shell.Result:
        """Offer a SealedSecret to the API server without making it (dry run), and return what it says."""
        return self.sealed_secrets.kube.kubectl(
            "apply", "--dry-run=server", "--filename", "-", input=json.dumps(sealed), check=False
        )

    def value(self, name: str, namespace: str = NAMESPACE) -> str | None:
        """Return the value in the Secret of that name; None where there is no such Secret."""
        found = self.sealed_secrets.kube.find("Secret", name, namespace)
        return None if found is None else b64decode(found["data"][_KEY]).decode()

    def lose(self, name: str) -> None:
        """Delete the Secret (not what it was unsealed from)."""
        self.sealed_secrets.kube.delete("Secret", name, NAMESPACE)

    def remove(self) -> None:
        """Take away everything that was handed over; the Secrets follow (garbage collection)."""
        for sealed in self._made:
            meta = sealed["metadata"]
            self.sealed_secrets.kube.delete("SealedSecret", meta["name"], meta["namespace"])
