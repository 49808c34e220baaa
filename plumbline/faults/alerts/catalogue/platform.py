"""What causes the alerts of the platform: the entrance, secrets, volumes, and monitoring itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from plumbline.components.devnet import NAMESPACE
from plumbline.components.entrance import further_host
from plumbline.components.entrance.tls import serves
from plumbline.components.volumes import filled
from plumbline.core import wait
from plumbline.faults.alerts.causes import RESOLVING, Sight, Symptom, cause
from plumbline.faults.alerts.routes import nowhere, webhook_at
from plumbline.faults.injuries.changes import added, changed, portable, read
from plumbline.kube import probes, usage

if TYPE_CHECKING:
    from plumbline.components.secrets.authority import Pair
    from plumbline.stack import Stack

_MONITOR: Final = "servicemonitors.monitoring.coreos.com"
_SERVED_WITHIN_S: Final = 60.0
_VOLUME: Final = {"persistentvolumeclaim": filled.POD}
_VOLUME_MIB: Final = 64
_MOUNTED_WITHIN_S: Final = 60.0
_FULL: Final = 0.1  # charts/kube-prometheus-stack/values.yaml


@Sight
def beacon_unscraped(stack: Stack) -> tuple[bool, str]:
    """See whether Prometheus has no target of the beacon node."""
    jobs = {target.labels.get("job") for target in stack.monitoring.prometheus.targets()}
    return "beacon" not in jobs, f"targets of {len(jobs)} jobs"


@Sight
def volume_full(stack: Stack) -> tuple[bool, str]:
    """See whether the volume is full for the kubelet, who looks now and then, and whom Prometheus asks."""
    room = usage.of_pod(stack.site.kube, probes.NAMESPACE, filled.POD).room_bytes
    return room is not None and room < _FULL * _VOLUME_MIB * filled.MIB, f"{room} bytes are left"


@cause(Symptom("CertificateExpiring"), parts=("certificate",))
def certificate_short(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A host is served with a certificate that ends tomorrow; it is renewed."""
    certificates, door = stack.certificates, stack.ingress.door
    authority = certificates.authority()
    # A host that never had another one: the ingress goes on telling of those that it has replaced.
    name = f"expiring-{time.time():.0f}"
    (host,) = further_host.named(name).hosts

    def served(pair: Pair) -> None:
        shown = serves(door, host, pair.certificate_pem, authority.pair.certificate_pem)
        wait.until(shown, named=f"a certificate of {host} served", within_s=_SERVED_WITHIN_S)

    short, renewed = authority.issue([host], valid_for=timedelta(days=1)), authority.issue([host])
    wanted = kept.enter_context(further_host.standing(certificates, name, short))
    served(short)
    yield
    certificates.deliver(wanted, renewed)
    served(renewed)


@cause(Symptom("SealedSecretNotUnsealed", {"name": "stray"}), parts=("sealed-secrets",))
def secret_for_another(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A SealedSecret is copied under another name: its scope is strict, and it cannot be unsealed."""
    stray = portable(read(stack, "sealedsecret", "api-tls", NAMESPACE))
    stray["metadata"] = {"name": "stray", "namespace": NAMESPACE}
    stray["spec"]["template"] = {**stray["spec"].get("template", {}), "metadata": stray["metadata"]}
    with added(stack, stray):
        yield


@cause(
    Symptom("VolumeWillFill", _VOLUME, begun=volume_full.begun, ended=volume_full.ended),
    Symptom("VolumeFilling", _VOLUME, begun=volume_full.begun, ended=volume_full.ended),
    parts=("volume",),
)
def volume_filled(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """Somebody writes a volume full."""
    claim = kept.enter_context(filled.claimed(stack.site.kube, _VOLUME_MIB))
    wait.until(claim.mounted(), named="the volume mounted", within_s=_MOUNTED_WITHIN_S)
    known = f'kubelet_volume_stats_available_bytes{{persistentvolumeclaim="{filled.POD}"}}'
    told = wait.holds(lambda: stack.monitoring.prometheus.query(known), every_s=0.5)
    wait.until(told, named="the empty volume known to Prometheus", within_s=_MOUNTED_WITHIN_S)
    claim.filled(_VOLUME_MIB * filled.MIB)
    yield
    claim.filled(0)


@cause(
    Symptom("ScrapeTargetMissing", {"job": "beacon"}, begun=beacon_unscraped.begun, ended=beacon_unscraped.ended),
    parts=("beacon",),
)
def monitor_astray(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A ServiceMonitor asks for a label that no Service has: nothing is down, and nothing is scraped."""
    astray = {"spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "renamed"}}}}
    with changed(stack, _MONITOR, "beacon", NAMESPACE, astray):
        yield


@cause(Symptom("AlertDeliveryFailing", {"integration": "webhook"}, window=(RESOLVING,)), parts=("alertmanager",))
def webhook_dead(stack: Stack, _: ExitStack) -> Iterator[None]:
    """The webhook that is to hear the dead man's switch has moved, and nobody told Alertmanager."""
    with webhook_at(stack, "heartbeat", nowhere):
        yield
