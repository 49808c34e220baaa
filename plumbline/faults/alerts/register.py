"""The causes of the alerts, each by what it hurts. Alerts that one cause brings about are proved together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from plumbline.components.devnet import NAMESPACE
from plumbline.components.execution import CONTAINER
from plumbline.components.volumes import filled
from plumbline.core import wait
from plumbline.faults.alerts.causes import FIRING, RESOLVING, Symptom, cause
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.changes import added, portable, read
from plumbline.faults.injuries.nodes import misbehaving, restart, stopped, without_ports
from plumbline.kube import probes
from plumbline.kube.rpc import RpcError

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


# -- the platform ---------------------------------------------------------------------------------------------------------


@cause(Symptom("SealedSecretNotUnsealed", {"name": "stray"}), parts=("sealed-secrets",))
def secret_for_another(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A SealedSecret is copied under another name: its scope is strict, and it cannot be unsealed."""
    stray = portable(read(stack, "sealedsecret", "api-tls", NAMESPACE))
    stray["metadata"] = {"name": "stray", "namespace": NAMESPACE}
    stray["spec"]["template"] = {**stray["spec"].get("template", {}), "metadata": stray["metadata"]}
    with added(stack, stray):
        yield


@cause(
    Symptom("VolumeWillFill", {"namespace": probes.NAMESPACE}, window=(RESOLVING,)),
    Symptom("VolumeFilling", {"namespace": probes.NAMESPACE}),
    parts=("volume",),
)
def volume_filled(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """Somebody writes a volume full."""
    claim = kept.enter_context(filled.claimed(stack.site.kube, 64))
    wait.until(claim.mounted(), named="the volume mounted", within_s=60)
    claim.filled(64 * filled.MIB)
    yield
    claim.filled(0)
