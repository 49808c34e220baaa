"""The causes of the alerts, each by what it hurts. Alerts that one cause brings about are proved together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from plumbline_beacon import network

from plumbline.components import monitoring, probes, volumes
from plumbline.components.deception import Deception
from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import CONTAINER
from plumbline.components.light_client import HOST as HELIOS_HOST
from plumbline.components.light_client import NAMESPACE as LIGHT
from plumbline.components.rpc import RpcError
from plumbline.components.slots import SlotClock
from plumbline.components.tls import serves
from plumbline.components.transactions import HOST as GETH_HOST
from plumbline.core import wait
from plumbline.faults.again import again_and_again
from plumbline.faults.causes import FIRING, RESOLVING, Symptom, cause
from plumbline.faults.changes import added, portable, read, removed
from plumbline.faults.injuries import misbehaving, restart, starved, stopped, without_ports
from plumbline.faults.rival import rival_of
from plumbline.faults.routes import NOWHERE, webhook_at
from plumbline.faults.undo import cure, undone_by

if TYPE_CHECKING:
    from plumbline.stack import Stack

FOLLOWER, FIRST, SECOND = "geth-follower-0", "geth-0", "geth-1"
_REVERTS: Final = {"data": "0xfe"}  # INVALID (EIP-141): a call that cannot but fail
_CLIENTS, _CALL_EVERY_S = 4, 0.1
_SIGNERS: Final = 0.5
_HALF: Final = 2 / 3
_MONITOR: Final = "servicemonitors.monitoring.coreos.com"


# -- what is seen at the source --------------------------------------------------------------------------------------------


def peers(low: bool) -> Any:
    """See whether the follower has fewer peers than the mesh gives it."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[int]:
            count = stack.execution.node(FOLLOWER).peers
            return wait.Observation((count < stack.execution.mesh) == low, count, f"{FOLLOWER} has {count} peers")

        return wait.poll(seen, every_s=0.5)

    return look


def lag(far: bool) -> Any:
    """See whether the follower is more than one block behind."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[int]:
            ahead, behind = (stack.execution.node(pod).head for pod in (FIRST, FOLLOWER))
            return wait.Observation(
                (ahead - behind > 1) == far, ahead - behind, f"{FOLLOWER} is at {behind}, not {ahead}"
            )

        return wait.poll(seen, every_s=0.5)

    return look


def signers(few: bool) -> Any:
    """See whether too few of the sync committee signed the head."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[float]:
            share = stack.consensus.votes(blocks=1).signed
            return wait.Observation((share < _HALF) == few, share, f"{share:.0%} signed")

        return wait.poll(seen, every_s=0.5)

    return look


def stale(is_so: bool) -> Any:
    """See whether the light clients serve nothing, in their own words."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[str]:
            (client,) = stack.light_client.clients
            said = client.hindrance()
            return wait.Observation(bool(said) == is_so, said, said or "it serves")

        return wait.poll(seen, every_s=0.5)

    return look


def not_final(is_so: bool) -> Any:
    """See whether nothing is final for the first producer since genesis."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[int]:
            number = stack.execution.node(FIRST).finality.finalized[0]
            return wait.Observation((number == 0) == is_so, number, f"block {number} is final for {FIRST}")

        return wait.poll(seen, every_s=0.2)

    return look


def imported(stack: Stack) -> wait.Condition[Any]:
    """See whether a block has been imported since now."""
    node = stack.execution.node(FIRST)
    now = node.head
    return wait.holds(lambda: node.head > now, every_s=0.2)


def slow(stack: Stack) -> wait.Condition[Any]:
    """See whether calls are slow: Geth tells it by its metrics only, and whoever else read them would reset its timers."""
    query = f'rpc_duration_all{{pod="{SECOND}",quantile="0.95"}} > 2e8'
    return wait.holds(lambda: stack.monitoring.prometheus.query(query), every_s=1.0)


def scraped(is_so: bool) -> Any:
    """See whether Prometheus has a target of kube-state-metrics."""

    def look(stack: Stack) -> wait.Condition[Any]:
        def seen() -> wait.Observation[None]:
            jobs = {target.labels.get("job") for target in stack.monitoring.prometheus.targets()}
            return wait.Observation(("kube-state-metrics" in jobs) == is_so, None, f"targets of {len(jobs)} jobs")

        return wait.poll(seen, every_s=0.5)

    return look


# -- the nodes of the chain -----------------------------------------------------------------------------------------------


@cause(
    Symptom("GethPeersLow", {"pod": FOLLOWER}, begun=peers(low=True), ended=peers(low=False)),
    Symptom("GethSyncLag", {"pod": FOLLOWER}, begun=lag(far=True), ended=lag(far=False)),
    Symptom("GethHeadStalled", {"pod": FOLLOWER}, ended=lag(far=False), window=(FIRING,)),
    parts=("follower", "peers"),
)
def follower_cut_off(stack: Stack, _: ExitStack) -> Iterator[None]:
    """The follower's NetworkPolicy closes its ports for peers and for its consensus client, and it restarts."""
    with without_ports(stack, "geth-follower", "p2p", 30303, "engine"):
        restart(stack, pod=FOLLOWER)
        yield


@cause(Symptom("GethNodeDown", {"pod": SECOND}), parts=("second", "peers"))
def producer_stopped(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A producer stops in the middle of what it does (SIGSTOP)."""
    with stopped(stack, SECOND, CONTAINER):
        yield


@cause(
    Symptom("GethBlockImportSlow", {"pod": SECOND}, begun=imported, window=(RESOLVING,)),
    Symptom("GethRpcSlow", {"pod": SECOND}, begun=slow),
    parts=("second", "peers"),
)
def producer_starved(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A producer is left a thirtieth of a core, and clients ask it all the same."""
    node = stack.execution.node(SECOND)

    def ask() -> None:
        node.rpc("eth_blockNumber")

    with starved(stack, SECOND, CONTAINER, "30m"):
        for _ in range(_CLIENTS):
            kept.enter_context(again_and_again(ask, every_s=_CALL_EVERY_S))
        yield


@cause(
    Symptom("GethFinalityStalled", {"pod": FIRST}, begun=not_final(is_so=True), ended=not_final(is_so=False)),
    parts=("first",),
)
def nothing_final(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A second consensus client tells a producer that nothing is final since genesis."""
    enough = stack.execution.at_height(100)  # as many blocks as cannot be without finality on a healthy chain
    wait.until(enough, named="a chain that is long enough", within_s=SlotClock.seconds(40))
    with rival_of(stack, FIRST) as rival, again_and_again(rival.assert_itself, every_s=0.2):
        yield


@cause(Symptom("GethReorgDeep", {"pod": FIRST}, window=(RESOLVING,)), parts=("chain",))
def chain_reorganised(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A block is built two below the head, and replaces them."""
    node = stack.execution.node(FIRST)
    height = node.head
    before = node.block(height)["hash"]
    with misbehaving(stack, "reorg", depth=2):
        replaced = wait.holds(lambda: node.block(height)["hash"] != before, every_s=0.2)
        wait.until(replaced, named=f"block {height} replaced", within_s=SlotClock.seconds(5))
        yield


@cause(
    Symptom("GethRpcErrors", {"pod": FIRST}, window=(FIRING, RESOLVING)),
    parts=("rpc",),
)
def calls_that_fail(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Clients send a producer calls that cannot but fail, dozens a second."""
    node = stack.execution.node(FIRST)

    def fail() -> None:
        with suppress(RpcError):
            node.rpc("eth_call", _REVERTS, "latest")

    with ExitStack() as clients:
        for _client in range(_CLIENTS):
            clients.enter_context(again_and_again(fail, every_s=_CALL_EVERY_S))
        yield


# -- light clients --------------------------------------------------------------------------------------------------------


@cause(
    Symptom("SyncParticipationLow", {"pod": "beacon-0"}, begun=signers(few=True), ended=signers(few=False)),
    parts=("chain",),
)
def validators_off_line(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Half of the validators neither vote nor sign."""
    with misbehaving(stack, "low_participation", fraction=_SIGNERS):
        yield


@cause(Symptom("HeliosStale", begun=stale(is_so=True), ended=stale(is_so=False)), parts=("light-client",))
def updates_forged(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Light-client updates carry a forged sync-committee signature: the light client believes none."""
    with misbehaving(stack, "bad_sync_signature"):
        yield


@cause(Symptom("HeliosRejecting", {"namespace": LIGHT}, window=(RESOLVING,)), parts=("light-client",))
def execution_node_lies(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A light client's execution node lies about balances."""
    deceived = kept.enter_context(Deception.standing(stack.light_client, stack.execution))
    wait.until(_scraped(stack, deceived.client.release), named="the deceived client scraped", within_s=90)
    with deceived.liar.telling("balance"):
        for client in deceived.client.clients:
            with suppress(RpcError):
                client.rpc("eth_getBalance", network.FUNDED[0].address, "latest")
        yield


def _scraped(stack: Stack, release: str) -> wait.Condition[Any]:
    query = f'helios_verification_failures_total{{service=~"{release}.*"}}'
    return wait.holds(lambda: stack.monitoring.prometheus.query(query), every_s=1.0)


@cause(
    Symptom("ScrapeTargetDown", {"namespace": LIGHT}),
    Symptom("IngressErrors", window=(FIRING, RESOLVING)),
    parts=("light-client",),
)
def light_client_stopped(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """The light client stops in the middle of what it does (SIGSTOP), and clients go on asking for it."""
    (client,) = stack.light_client.clients
    kept.enter_context(stack.ingress.traffic(HELIOS_HOST).flowing())
    with stopped(stack, client.name, "helios", LIGHT):
        yield


# -- the platform ---------------------------------------------------------------------------------------------------------


@cause(Symptom("CertificateExpiring", {"sans": GETH_HOST}), parts=("certificate",))
def certificate_short(stack: Stack, _: ExitStack) -> Iterator[None]:
    """The ingress is given a certificate that ends tomorrow."""
    certificates, door = stack.certificates, stack.ingress.door
    authority = certificates.authority()
    wanted = certificates.wanted_for(GETH_HOST)
    short = authority.issue(wanted.hosts, valid_for=timedelta(days=1))
    with undone_by(stack, "renew-certificate", host=GETH_HOST):
        certificates.deliver(wanted, short)
        served = serves(door, GETH_HOST, short.certificate_pem, authority.pair.certificate_pem)
        wait.until(served, named="the short certificate served", within_s=60)
        yield


@cure("renew-certificate")
def _renew(stack: Stack, *, host: str) -> None:
    pair = stack.certificates.renew(host)
    by = stack.certificates.authority().pair.certificate_pem
    served = serves(stack.ingress.door, host, pair.certificate_pem, by)
    wait.until(served, named="the renewed certificate served", within_s=60)


@cause(Symptom("SealedSecretNotUnsealed", {"name": "stray"}), parts=("sealed-secrets",))
def secret_for_another(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A SealedSecret is copied under another name: its scope is strict, and it cannot be unsealed."""
    stray = portable(read(stack, "sealedsecret", "api-tls", NAMESPACE))
    stray["metadata"] = {"name": "stray", "namespace": NAMESPACE}
    stray["spec"]["template"] = {**stray["spec"].get("template", {}), "metadata": stray["metadata"]}
    with added(stack, stray):
        yield


@cause(
    Symptom(
        "ScrapeTargetMissing", {"job": "kube-state-metrics"}, begun=scraped(is_so=False), ended=scraped(is_so=True)
    ),
    parts=("kube-state-metrics",),
)
def monitor_deleted(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A ServiceMonitor is deleted: nothing is down, and nothing is scraped."""
    with removed(stack, _MONITOR, "kube-state-metrics", monitoring.NAMESPACE):
        yield


@cause(
    Symptom("VolumeWillFill", {"namespace": probes.NAMESPACE}, window=(RESOLVING,)),
    Symptom("VolumeFilling", {"namespace": probes.NAMESPACE}),
    parts=("volume",),
)
def volume_filled(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """Somebody writes a volume full."""
    claim = kept.enter_context(volumes.claimed(stack.site.kube, 64))
    wait.until(claim.mounted(), named="the volume mounted", within_s=60)
    claim.filled(64 * volumes.MIB)
    yield
    claim.filled(0)


@cause(
    Symptom("AlertDeliveryFailing", {"integration": "webhook"}, window=(RESOLVING,)),
    parts=("alertmanager",),
)
def webhook_dead(stack: Stack, _: ExitStack) -> Iterator[None]:
    """The webhook that is to hear the dead man's switch has moved, and nobody told Alertmanager."""
    with webhook_at(stack, "heartbeat", NOWHERE):
        yield
