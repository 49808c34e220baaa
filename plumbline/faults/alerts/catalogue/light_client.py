"""What causes the alerts of the light clients, and those of the beacon node that they believe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from plumbline_beacon import network

from plumbline.components.chain.past_chain import PastChain
from plumbline.components.light_client import HOST, NAMESPACE
from plumbline.components.verification.deception import Deception
from plumbline.components.verification.further_client import FurtherClient
from plumbline.core import wait
from plumbline.faults.alerts.causes import FIRING, RESOLVING, Sight, Symptom, cause
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.nodes import misbehaving, stopped
from plumbline.kube.rpc import RpcError

if TYPE_CHECKING:
    from plumbline.stack import Stack

CLIENT: Final = "light-client"
_METRICS: Final = {"service": "helios-metrics"}  # of the standing client, whatever others there are
_SIGNERS: Final = 0.5
_FEW: Final = 2 / 3
_BESIDE: Final = "helios-past"
_NOT_FINAL_AT_MOST: Final = 98  # charts/helios/values.local.yaml
_HEAD_EVERY_S: Final = 6.0
_READY_WITHIN_S: Final = 60.0
_SCRAPED_WITHIN_S: Final = 90.0  # the operator, the kubelet's next look at the pod, the reloader


@Sight
def few_signers(stack: Stack) -> tuple[bool, str]:
    """See whether too few of the sync committee signed the head."""
    share = stack.consensus.votes(blocks=1).signed
    return share < _FEW, f"{share:.0%} signed"


@Sight
def stale(stack: Stack) -> tuple[bool, str]:
    """See whether the light client serves nothing, in its own words."""
    (client,) = stack.light_client.clients
    said = client.hindrance()
    return bool(said), said or "it serves"


@Sight
def far_from_final(stack: Stack) -> tuple[bool, str]:
    """See whether the light client beside the standing one follows more blocks than a healthy chain ever has beyond the final one."""
    (client,) = _beside(stack).clients
    head, final = (int(client.block(tag)["number"], 16) for tag in ("latest", "finalized"))
    return head - final > _NOT_FINAL_AT_MOST, f"{client.name} is at block {head}, and {final} is final for it"


@Sight
def led_astray(stack: Stack) -> tuple[bool, str]:
    """See whether that is so, or the pod of which it was is still there for Prometheus: another one takes its place."""
    (client,) = _beside(stack).clients
    known = {each.labels["pod"] for each in stack.monitoring.prometheus.targets() if _BESIDE in each.pool}
    far, told = far_from_final.look(stack)
    return far or known != {client.name}, f"{told}; scraped: {', '.join(sorted(known))}"


@cause(
    Symptom("SyncParticipationLow", {"pod": "beacon-0"}, begun=few_signers.begun, ended=few_signers.ended),
    parts=("beacon",),
)
def validators_off_line(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Half of the validators neither vote nor sign."""
    with misbehaving(stack, "low_participation", fraction=_SIGNERS):
        yield


@cause(Symptom("HeliosStale", _METRICS, begun=stale.begun, ended=stale.ended), parts=(CLIENT,))
def updates_forged(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Light-client updates carry a forged sync-committee signature: the light client believes none."""
    with misbehaving(stack, "bad_sync_signature"):
        yield


@cause(
    Symptom("ScrapeTargetDown", _METRICS),
    Symptom("IngressErrors", window=(FIRING, RESOLVING)),
    parts=(CLIENT,),
)
def light_client_stopped(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """The light client stops in the middle of what it does (SIGSTOP), and clients go on asking for it."""
    (client,) = stack.light_client.clients
    kept.enter_context(stack.ingress.traffic(HOST).flowing())
    with stopped(stack, client.name, "helios", NAMESPACE):
        yield


@cause(Symptom("HeliosRejecting", {"namespace": NAMESPACE}, window=(RESOLVING,), momentary=True), parts=(CLIENT,))
def execution_node_lies(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A light client's execution node lies about balances."""
    deceived = kept.enter_context(Deception.standing(stack.light_client, stack.execution))
    _await_scraped(stack, deceived.client)
    with deceived.liar.telling("balance"):
        for client in deceived.client.clients:
            with suppress(RpcError):
                client.rpc("eth_getBalance", network.FUNDED[0].address, "latest")
        yield


@cause(
    Symptom(
        "HeliosWithoutFinality", {"service": f"{_BESIDE}-metrics"}, begun=far_from_final.begun, ended=led_astray.ended
    ),
    parts=("past",),
)
def chain_without_finality(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A light client is led to a beacon node on whose chain nothing has become final for more than three epochs."""
    client = _beside(stack)
    client.leave()  # an interrupted run left it
    kept.callback(client.leave)
    client.join()
    chain = kept.enter_context(PastChain.standing(stack.consensus))
    chain.control.inject("withhold_attestations")
    chain.move_to_the_present()
    _await_scraped(stack, client)
    with again_and_again(chain.move_to_the_present, every_s=_HEAD_EVERY_S):
        client.join(consensus={"api": chain.api})
        yield
    client.join()
    wait.until(client.ready(), named=f"{_BESIDE} back at the chain that becomes final", within_s=_READY_WITHIN_S)


def _beside(stack: Stack) -> FurtherClient:
    return FurtherClient(_BESIDE, stack.light_client)


def _await_scraped(stack: Stack, client: FurtherClient) -> None:
    known = f'helios_serving{{service="{client.release}-metrics"}}'
    scraped = wait.holds(lambda: stack.monitoring.prometheus.query(known), every_s=0.5)
    wait.until(scraped, named=f"{client.release} scraped", within_s=_SCRAPED_WITHIN_S)
