"""Secrets that may stand in Git: the Sealed Secrets controller, the keys it holds, and what is sealed to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import yaml

from plumbline.components.base import HelmComponent, Release, Workload
from plumbline.components.secrets import escrow, sealed_report, sealing
from plumbline.components.secrets.escrow import EscrowUnreadable, Label
from plumbline.components.secrets.sealed_report import Report
from plumbline.components.secrets.sealing import Scope, SealingKey
from plumbline.core import wait
from plumbline.kube import api as k8s
from plumbline.kube import definitions
from plumbline.kube.api import Object, name_of

NAMESPACE = RELEASE = "sealed-secrets"
_MODULE = "github.com/bitnami/sealed-secrets"
_MANIFEST = "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml"
_DEFINITION = "sealedsecrets.bitnami.com"
_KEYS, _PODS = f"{sealing.KEY_LABEL}=active", f"app.kubernetes.io/instance={RELEASE}"
_PORT = "8080"
_HTTP = f"/api/v1/namespaces/{NAMESPACE}/services/{RELEASE}:http/proxy"
_OF_PEOPLE = ("name", "namespace", "labels", "annotations")  # the rest of the metadata is the API server's
_SOON_S, _LOOK = 30.0, "plumbline logs sealed-secrets"


class SealedSecrets(HelmComponent):
    """The controller that turns SealedSecrets into Secrets (https://github.com/bitnami/sealed-secrets, v0.38.4).

    Its first key is made here and not by it, so that others can seal before it is up.
    """

    name: ClassVar[str] = "sealed-secrets"
    needs: ClassVar[tuple[str, ...]] = ("service-network", "monitor-definitions")
    brought_images: ClassVar[tuple[str, ...]] = ("sealed-secrets",)
    releases: ClassVar[tuple[Release, ...]] = (Release(RELEASE, "sealed-secrets", NAMESPACE, asks_api_server=True),)
    workloads: ClassVar[tuple[Workload, ...]] = (Workload("Deployment", RELEASE, NAMESPACE),)
    asked: ClassVar[tuple[str, ...]] = (_PORT,)

    @property
    def served(self) -> list[str]:
        """The namespaces in which it unseals, beside its own."""
        (release,) = self.releases
        values = yaml.safe_load((self.site.paths.charts / release.chart / release.values_file).read_text())
        return values["watchNamespaces"]  # type: ignore[no-any-return]

    def prepare(self) -> None:
        """Make the namespaces that are served and the CRD, then the first key: where it stands, one can seal."""
        for namespace in self.served:
            self.kube.ensure_namespace(namespace, "restricted")
        self.kube.apply(definitions.of_module(self.site.paths, _MODULE, _MANIFEST))
        established = definitions.established(self.kube, _DEFINITION)
        wait.until(established, named=f"{_DEFINITION} established", within_s=_SOON_S)
        if not self.keys():
            self.kube.apply([SealingKey.made().as_secret(NAMESPACE)])

    # -- sealing -------------------------------------------------------------------------------------------------

    def seal(self, secret: Object, scope: Scope = Scope.STRICT, because: str = "") -> Object:
        """Return the SealedSecret of a Secret, for this cluster and no other; nothing is sent to it.

        Args:
            secret: the Secret.
            scope: where it can be unsealed.
            because: why that is wider than strict, in words.

        Raises:
            sealing.ScopeUnjustified: it is, and nobody says why.
            wait.Timeout: the cluster has no key yet.
        """
        return sealing.seal(self.kubeseal, self._newest().pair.certificate_pem, secret, scope, because)

    @property
    def kubeseal(self) -> Path:
        """The pinned program that seals."""
        from plumbline import images  # noqa: PLC0415

        return images.tool(self.site.paths, "kubeseal")

    def deliver(self, *secrets: Object) -> None:
        """Seal Secrets and hand them to the controller; it need not be up yet."""
        self.kube.apply([self.seal(secret) for secret in secrets])

    def unsealed(self, namespace: str, *names: str) -> wait.Condition[None]:
        """Return a condition: the controller has made the Secrets of some SealedSecrets, as they are now."""

        def judge(found: dict[str, Object]) -> wait.Observation[None]:
            open_ = {
                name: sealed_report.trouble(found[name]) if name in found else "does not exist yet" for name in names
            }
            lacking = "; ".join(f"{namespace}/{name}: {why}" for name, why in open_.items() if why)
            return wait.Observation(not lacking, None, lacking or "all unsealed")

        return self.kube.watch("SealedSecret", namespace, judge)

    def all(self) -> list[Object]:
        """Return every SealedSecret of the cluster."""
        return self.kube.objects("SealedSecret", None)

    def manifests(self, namespace: str, *names: str) -> list[Object]:
        """Return SealedSecrets as they stand in Git: without what the API server put into them."""
        return [_manifest(self.kube.get("SealedSecret", name, namespace)) for name in names]

    # -- keys ----------------------------------------------------------------------------------------------------

    def keys(self) -> list[SealingKey]:
        """Return the keys that the cluster holds, newest first."""
        held = self.kube.objects("Secret", NAMESPACE, selector=_KEYS)
        return sorted(map(SealingKey.of, held), key=lambda key: key.since, reverse=True)

    def rotate(self) -> SealingKey:
        """Have the controller seal with a new key from now on, and return it; the old ones go on unsealing.

        Raises:
            wait.Timeout: it does not take the key.
        """
        made = self.renew()
        named = f"the controller seals with {made.name}"
        wait.until(self.seals_with(made), named=named, within_s=_SOON_S, look=_LOOK)
        return made

    def renew(self) -> SealingKey:
        """Give the controller a new key, and return it."""
        made = SealingKey.made(after=sealing.newest(self.keys()))
        self.kube.apply([made.as_secret(NAMESPACE)])
        return made

    def seals_with(self, key: SealingKey) -> wait.Condition[None]:
        """Return a condition: the controller tells people to seal with this key."""

        def look() -> wait.Observation[None]:
            now = sealing.fingerprint(self.certificate())
            same = now == key.fingerprint
            state = f"the certificate of the controller {NAMESPACE}/{RELEASE} is of {now[:10]}, not of {key.name}"
            return wait.Observation(same, None, f"it seals with {key.name}" if same else state)

        return wait.poll(look, every_s=0.1)

    def reseal(self) -> list[str]:
        """Have the controller seal anew, with its newest key, what is sealed to an old one; return the names.

        What no key opens is left as it is: :meth:`report` names it.
        """
        old = {one.name for one in self.report().on_old_keys}
        for sealed in self.all():
            if name_of(sealed) in old:
                meta, anew = sealed["metadata"], self._sealed_anew(sealed)["spec"]["encryptedData"]
                self.kube.patch("SealedSecret", meta["name"], meta["namespace"], {"spec": {"encryptedData": anew}})
        self._wait_unsealed(old)
        return sorted(old)

    def report(self) -> Report:
        """Return the keys, and which of them each SealedSecret is sealed to."""
        keys = self.keys()
        found = sorted(self.all(), key=name_of)
        return Report(tuple(keys), tuple(sealed_report.judged(sealed, keys) for sealed in found))

    # -- escrow --------------------------------------------------------------------------------------------------

    def backup(self, passphrase: str) -> str:
        """Return an escrow file with every key of the cluster.

        Raises:
            UsageError: the passphrase is too short.
        """
        made = datetime.now(UTC).isoformat(timespec="seconds")
        content = {"keys": [key.as_secret(NAMESPACE) for key in self.keys()]}
        return escrow.locked(Label(self.site.config.cluster_name, self._uid, made), content, passphrase)

    def restore(self, text: str, passphrase: str, *, of_another: bool = False) -> Report:
        """Give the cluster the keys of an escrow file, restart the controller, and return what it can unseal now.

        Args:
            text: the file.
            passphrase: the one that it was made with.
            of_another: take it, too, where it was made of another cluster (which this one replaces).

        Raises:
            EscrowUnreadable: it cannot be used; nothing was changed.
        """
        label = escrow.label_of(text)
        if label.uid != self._uid and not of_another:
            raise EscrowUnreadable(
                f"was made of another cluster ({label.cluster}, {label.made})",
                "if this one is to take its place, say so (--of-another-cluster)",
            )
        kept = [SealingKey.of(secret) for secret in escrow.unlocked(text, passphrase)["keys"]]
        self.put_back(kept)
        return self.report()

    def put_back(self, kept: Sequence[SealingKey]) -> None:
        """Give the cluster those of some keys that it does not hold, and have a new controller unseal all that they open."""
        held = {key.fingerprint for key in self.keys()}
        missing = [key.as_secret(NAMESPACE) for key in kept if key.fingerprint not in held]
        if not missing:
            return
        self.kube.apply(missing)
        self.restart()
        self._wait_unsealed(one.name for one in self.report().sealed if one.key)

    def lose_keys(self) -> None:
        """Take every key away, and the controller that still knows them: the new one makes a key of its own."""
        for key in self.keys():
            self.kube.delete("Secret", key.name, NAMESPACE)
        self.restart()

    # -- the controller ------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Replace the controller's pod: the new one knows the keys that the cluster holds now, and tries everything again."""
        gone = {pod["metadata"]["name"] for pod in self.kube.objects("Pod", NAMESPACE, selector=_PODS)}
        for pod in gone:
            self.kube.delete("Pod", pod, NAMESPACE)

        def judge(pods: dict[str, Object]) -> wait.Observation[None]:
            new = {name: pod for name, pod in pods.items() if name not in gone}
            states = ", ".join(f"{name}: {k8s.pod_state(pod)}" for name, pod in pods.items())
            return wait.Observation(any(map(k8s.pod_ready, new.values())), None, states or "no pod")

        named = "a new controller of Sealed Secrets"
        wait.until(self.kube.watch("Pod", NAMESPACE, judge, selector=_PODS), named=named, within_s=self.within_s)

    def certificate(self) -> str:
        """Return the certificate that the controller tells people to seal with (PEM)."""
        return str(self.kube.request("GET", f"{_HTTP}/v1/cert.pem"))

    def _sealed_anew(self, sealed: Object) -> Object:
        answer, _ = self.kube.exchange("POST", f"{_HTTP}/v1/rotate", body=_manifest(sealed))
        return json.loads(answer)  # type: ignore[no-any-return]

    def _wait_unsealed(self, names: Iterable[str]) -> None:
        for name in names:
            condition = self.unsealed(*name.split("/"))
            wait.until(condition, named=f"{name} unsealed", within_s=_SOON_S, look=_LOOK)

    def _newest(self) -> SealingKey:
        """Return the key that the controller seals with, or will when it is up."""

        def judge(secrets: dict[str, Object]) -> wait.Observation[SealingKey | None]:
            found = sealing.newest(map(SealingKey.of, secrets.values()))
            return wait.Observation(found is not None, found, f"namespace {NAMESPACE} holds no sealing key yet")

        watched = self.kube.watch("Secret", NAMESPACE, judge, selector=_KEYS)
        found = wait.until(watched, named="a key to seal with", within_s=_SOON_S)
        assert found is not None
        return found

    @cached_property
    def _uid(self) -> str:
        """What tells this cluster from every other one."""
        return str(self.kube.get("Namespace", "kube-system")["metadata"]["uid"])


def _manifest(sealed: Object) -> Object:
    meta = {key: value for key, value in sealed["metadata"].items() if key in _OF_PEOPLE}
    return {key: sealed[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": meta}
