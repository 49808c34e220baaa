"""What causes the alerts of the Geth nodes.

A node that is stopped silences the alerts of its neighbours (charts/kube-prometheus-stack, inhibition), and one that is missed changes
their peers: what hurts a node has all of them for itself (``NODES``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from plumbline_beacon import network

from plumbline.components.chain import transactions
from plumbline.components.chain.slots import SlotClock
from plumbline.components.chain.transactions import Sender
from plumbline.components.execution import CONTAINER
from plumbline.core import wait
from plumbline.faults.alerts.causes import FIRING, RESOLVING, Sight, Symptom, cause
from plumbline.faults.injuries.again import again_and_again
from plumbline.faults.injuries.nodes import misbehaving, start_anew, stopped, without_ports
from plumbline.faults.injuries.rival import rival_of
from plumbline.kube.rpc import RpcError

if TYPE_CHECKING:
    from plumbline.stack import Stack

NODES: Final = "nodes"
FOLLOWER, FIRST, SECOND = "geth-follower-0", "geth-0", "geth-1"
SENDER: Final = network.FUNDED[0]
_REVERTS: Final = {"data": "0xfe"}  # INVALID (EIP-141): a call that cannot but fail
_CLIENTS, _CALL_EVERY_S = 2, 0.1
# JUMPDEST, KECCAK256 of 4 KiB, and again while more than 60,000 gas are left; to be run as a contract's creation. No precompiled
# contract: their results are cached.
BURDEN: Final = bytes.fromhex("5b6110005f205061ea605a1160005700")
_BURDENS, _TRANSACTION_GAS = 2, 16_000_000  # EIP-7825 allows 2^24
_CALL_GAS: Final = 40_000_000  # of the 50,000,000 that Geth allows (--rpc.gascap)
_SLOW_S: Final = 0.2  # charts/geth-node/values.local.yaml
_CALLS_AT_ONCE: Final = 100
_DEEP: Final = 2
# A healthy chain never has more blocks that are not final than in three epochs, and a slot for each.
_TALL, _TALL_WITHIN_SLOTS = 100, 40


@Sight
def few_peers(stack: Stack) -> tuple[bool, str]:
    """See whether the follower has fewer peers than the mesh gives it."""
    count = stack.execution.node(FOLLOWER).peers
    return count < stack.execution.mesh, f"{FOLLOWER} has {count} peers"


@Sight
def far_behind(stack: Stack) -> tuple[bool, str]:
    """See whether the follower is more than one block behind."""
    ahead, behind = (stack.execution.node(pod).head for pod in (FIRST, FOLLOWER))
    return ahead - behind > 1, f"{FOLLOWER} is at {behind}, not {ahead}"


@Sight
def burdened(stack: Stack) -> tuple[bool, str]:
    """See whether a part of the burden is in no block yet: its transactions may be in one block, or in two."""
    left = transactions.waiting(stack.execution.node(FIRST), SENDER.address)
    return left > 0, f"{left} transactions of the burden's sender are in no block yet"


@Sight
def calls_slow(stack: Stack) -> tuple[bool, str]:
    """See whether one in twenty calls is slow, by the only reader that Geth may have: each one resets some of its timers."""
    (found,) = stack.monitoring.prometheus.query(f'rpc_duration_all{{pod="{FIRST}",quantile="0.95"}} / 1e9')
    return found.value > _SLOW_S, f"one call in twenty takes {FIRST} {found.value:.2f} s or longer"


@Sight
def nothing_final_since_genesis(stack: Stack) -> tuple[bool, str]:
    """See whether nothing is final for the first producer since genesis."""
    number = stack.execution.node(FIRST).finality.finalized[0]
    return number == 0, f"block {number} is final for {FIRST}"


@cause(
    Symptom("GethPeersLow", {"pod": FOLLOWER}, begun=few_peers.begun, ended=few_peers.ended),
    Symptom("GethSyncLag", {"pod": FOLLOWER}, begun=far_behind.begun, ended=far_behind.ended),
    Symptom("GethHeadStalled", {"pod": FOLLOWER}, ended=far_behind.ended, window=(FIRING,)),
    parts=(NODES,),
)
def follower_cut_off(stack: Stack, _: ExitStack) -> Iterator[None]:
    """The follower's NetworkPolicy closes its ports for peers and for its consensus client, and it restarts."""
    with without_ports(stack, "geth-follower", "p2p", 30303, "engine"):
        start_anew(stack, pod=FOLLOWER)
        yield


@cause(Symptom("GethNodeDown", {"pod": SECOND}), parts=(NODES,))
def producer_stopped(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A producer stops in the middle of what it does (SIGSTOP)."""
    with stopped(stack, SECOND, CONTAINER):
        yield


@cause(
    Symptom("GethBlockImportSlow", {"pod": FIRST}, ended=burdened.ended, window=(RESOLVING,), momentary=True),
    parts=("blocks",),
)
def block_burdened(stack: Stack, _: ExitStack) -> Iterator[None]:
    """Somebody sends transactions that do nothing but use up gas."""
    sender, node = Sender(stack.ingress, SENDER), stack.execution.node(FIRST)
    first = sender.next_nonce
    sent = [sender.create(BURDEN, nonce=first + k, gas=_TRANSACTION_GAS) for k in range(_BURDENS)]
    included = wait.holds(lambda: transactions.receipt(node, sent[0]), every_s=0.1)
    wait.until(included, named="the burden in a block", within_s=SlotClock.seconds(5))
    yield


@cause(Symptom("GethRpcSlow", {"pod": FIRST}, begun=calls_slow.begun, ended=calls_slow.ended), parts=("rpc",))
def calls_burdened(stack: Stack, kept: ExitStack) -> Iterator[None]:
    """A client sends calls that take a producer long; afterwards the others are many."""
    node = stack.execution.node(FIRST)
    burden = {"data": f"0x{BURDEN.hex()}", "gas": hex(_CALL_GAS)}
    with again_and_again(lambda: node.rpc("eth_call", burden, "latest"), every_s=0):
        yield
    kept.enter_context(again_and_again(lambda: node.repeat("eth_chainId", _CALLS_AT_ONCE), every_s=0.2))


@cause(Symptom("GethReorgDeep", {"pod": FOLLOWER}, window=(RESOLVING,), momentary=True), parts=(NODES,))
def chain_reorganised(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A block is built two below the head, and replaces them."""
    node = stack.execution.node(FOLLOWER)
    height = node.head - _DEEP + 1
    before = node.block(height)["hash"]
    with misbehaving(stack, "reorg", depth=_DEEP):
        replaced = wait.holds(lambda: node.block(height)["hash"] != before, every_s=0.2)
        wait.until(replaced, named=f"block {height} replaced", within_s=SlotClock.seconds(5))
        yield


@cause(
    Symptom(
        "GethFinalityStalled",
        {"pod": FIRST},
        begun=nothing_final_since_genesis.begun,
        ended=nothing_final_since_genesis.ended,
    ),
    parts=("finality",),
)
def nothing_final(stack: Stack, _: ExitStack) -> Iterator[None]:
    """A second consensus client tells a producer that nothing is final since genesis."""
    tall = stack.execution.at_height(_TALL)
    wait.until(tall, named="a chain that is tall enough", within_s=SlotClock.seconds(_TALL_WITHIN_SLOTS))
    with rival_of(stack, FIRST) as rival, again_and_again(rival.assert_itself, every_s=0.2):
        yield


@cause(Symptom("GethRpcErrors", {"pod": FIRST}, window=(FIRING, RESOLVING)), parts=("rpc",))
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
