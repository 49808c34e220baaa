"""EXE: the Geth nodes are on the right network, connected, at the head, and right about what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.finality import MAX_BLOCKS_BEHIND
from plumbline.components.parts import HEALED_TARGET_S, HEALED_WITHIN_S, PARTS
from plumbline.components.transactions import DATA, EMITS_A_LOG, TOPIC, AccountState, Log, new_address
from reports.evidence import attach, figure, step

if TYPE_CHECKING:
    from plumbline.components.consensus import Consensus
    from plumbline.components.execution import Execution
    from plumbline.components.late_joiner import LateJoiner
    from plumbline.components.slots import SlotClock
    from plumbline.components.transactions import Sender
    from plumbline.stack import Stack

GIFT_WEI = 10**15
LATE_AT_HEAD_WITHIN_S = 40.0
# In blocks: Geth's layers in memory, --history.state of charts/geth-node, and the one that is being flushed.
CRASH_LOSES_AT_MOST = 128 + 64 + 1


@pytest.mark.control("EXE-001")
def test_every_node_is_on_the_configured_network(execution: Execution) -> None:
    """Preconditions: a genesis from which every node was initialised.
    Steps: ask each node for chain id, network id, genesis hash and fork schedule (eth_config, EIP-7910).
    Expected: they are what the genesis asks for, its hash computed outside the cluster.
    """
    expected = execution.expected_identity()

    others = execution.identities().other_than(expected)

    assert not others, others.told(expected)


@pytest.mark.control("EXE-002")
def test_every_node_has_all_others_as_peers(execution: Execution) -> None:
    """Preconditions: a full mesh: each node dials each other one.
    Steps: ask each node for its number of peers.
    Expected: each has all others.
    """
    lonely = execution.peers().where_not(lambda peers: peers >= execution.mesh)

    assert not lonely, lonely.told(f"at least {execution.mesh} peers")


@pytest.mark.control("EXE-003")
def test_head_advances_with_the_slots(execution: Execution, slots: SlotClock) -> None:
    """Preconditions: a finalizing chain, all nodes serving.
    Steps: watch every node's head for two slots.
    Expected: each head advances and none goes back, no head is older than two slots, all agree on the block at the lowest head.
    """
    heads = execution.watch_heads(slots.next(2))
    attach("heads", heads.timeline())
    figure("age of the oldest head", heads.oldest_age, "s", bound=slots.seconds(2))
    figure("latest new head after the start of its slot", max(heads.delays, default=0.0), "s")

    assert heads.advanced_everywhere, heads.timeline()
    assert not heads.rewound, heads.timeline()
    assert heads.oldest_age <= slots.seconds(2), heads.timeline()
    hashes = execution.hashes_at(heads.lowest)
    assert hashes.agree, hashes.told(f"the same block {heads.lowest} everywhere")


@pytest.mark.control("EXE-004")
def test_late_joiner_downloads_state_and_reaches_the_head(late_joiner: LateJoiner) -> None:
    """Preconditions: a chain of more than 64 blocks; a node that starts empty and trusts a finalized checkpoint.
    Steps: watch it synchronise, guided by its own beacon light client.
    Expected: it downloads the state of a recent block (log and counters say so), has none below it, and reaches the head.
    """
    synced = late_joiner.follow(within_s=LATE_AT_HEAD_WITHIN_S)
    attach("how it synchronised", synced.timeline())
    figure("late joiner at the head", synced.seconds, "s", bound=LATE_AT_HEAD_WITHIN_S)

    assert synced.at_head, synced.timeline()
    assert synced.downloaded_state, synced.timeline()
    assert synced.pivot is not None
    below = synced.pivot - 1
    assert late_joiner.others_have_state_at(below), f"geth-0 has no state at block {below}: nothing is proved by that"
    assert not late_joiner.has_state_at(below), (
        f"{late_joiner.name} has the state of block {below}: it executed history"
    )
    wrong = late_joiner.wrong_balances(synced.head)
    assert not wrong, f"{late_joiner.name} has wrong balances at block {synced.head}: {wrong}"


@pytest.mark.control("EXE-005")
def test_safe_and_finalized_are_the_chains_checkpoints(
    execution: Execution, consensus: Consensus, slots: SlotClock
) -> None:
    """Preconditions: a finalizing chain.
    Steps: compare each node's safe and finalized block with the beacon node's justified and finalized checkpoint.
    Expected: they are the same, and finalized is at most 98 blocks behind the head.
    """
    slots.avoid_epoch_start()
    checkpoints = consensus.checkpoints()
    safe, finalized = consensus.payload_of(checkpoints.justified), consensus.payload_of(checkpoints.finalized)

    seen = execution.finality()

    astray = seen.where_not(lambda node: (node.safe, node.finalized) == (safe, finalized))
    assert not astray, astray.told(f"safe {safe[0]} and finalized {finalized[0]}, as {checkpoints} say")
    behind = seen.where_not(lambda node: node.head - node.finalized[0] <= MAX_BLOCKS_BEHIND)
    assert not behind, behind.told(f"finalized at most {MAX_BLOCKS_BEHIND} blocks behind the head")


@pytest.mark.control("EXE-005")
def test_finality_advanced_with_the_epochs(consensus: Consensus, slots: SlotClock) -> None:
    """Preconditions: a chain of several epochs, back-filled or live.
    Steps: read the beacon node's record of each epoch.
    Expected: the newest record is of this epoch, and each of the last four finalized the epoch two before it.
    """
    history = consensus.finality_history()
    attach("finality by epoch", history.table())

    assert len(history.records) > 2, f"beacon-0 recorded {len(history.records)} epochs only:\n{history.table()}"
    assert slots.epoch - history.records[-1].epoch <= 1, (
        f"beacon-0 stopped recording before epoch {slots.epoch}:\n{history.table()}"
    )
    late = history.late(last=4)
    assert not late, f"beacon-0 was late with finality in {late}:\n{history.table()}"


@pytest.mark.control("EXE-006")
def test_transactions_are_included_and_right_everywhere(execution: Execution, sender: Sender, slots: SlotClock) -> None:
    """Preconditions: a funded developer account; nobody else sends from it.
    Steps: send a transfer and a contract creation that emits a log through the ingress; read both back from every node.
    Expected: the same successful receipts, the log, both nonces and both balances on each node.
    """
    before = execution.accounts(sender.address, execution.nodes[0].head)["geth-0"]
    stranger = new_address()

    with step("send through the ingress"):
        paid = sender.pay(stranger, GIFT_WEI, nonce=before.nonce)
        created = sender.create(EMITS_A_LOG, nonce=before.nonce + 1)
    receipts = execution.receipts(paid, created, within_s=slots.seconds(3))

    lacking = receipts.where_not(all)
    assert not lacking, lacking.told(f"receipts of {paid} and {created}")
    assert receipts.agree, receipts.told("the same receipts everywhere")
    transfer, creation = (receipt for receipt in receipts["geth-0"] if receipt is not None)
    assert transfer.succeeded, receipts.told("success")
    contract = sender.contract_of(before.nonce + 1)
    assert (creation.contract, creation.logs) == (contract, (Log(contract, (TOPIC,), DATA),)), receipts.told("one log")
    spent = GIFT_WEI + transfer.cost_wei + creation.cost_wei
    for address, expected in (
        (stranger, AccountState(nonce=0, balance=GIFT_WEI)),
        (sender.address, AccountState(before.nonce + 2, before.balance - spent)),
    ):
        wrong = execution.accounts(address, creation.block).other_than(expected)
        assert not wrong, wrong.told(f"{expected} for {address}")


@pytest.mark.control("EXE-009", "OPS-004")
@pytest.mark.destructive("execution", restarts=("geth-follower-0",))
def test_killed_follower_loses_little_and_catches_up(stack: Stack, execution: Execution) -> None:
    """Preconditions: a follower at the head.
    Steps: send it SIGKILL; read from its log where it starts again; wait until it follows.
    Expected: it is healthy by itself within 60 s, lost at most what its memory held, and agrees with the others.
    """
    follower = execution.node("geth-follower-0")
    head = follower.head

    healed = PARTS["geth-follower-0"].killed(stack.site)

    figure("geth-follower-0 healthy after SIGKILL", healed.seconds, "s", target=HEALED_TARGET_S, bound=HEALED_WITHIN_S)
    assert healed.ok, f"geth-follower-0 is not healthy {HEALED_WITHIN_S:.0f} s after SIGKILL: {healed.summary}"
    lost = head - follower.resumed_at()
    figure("blocks that geth-follower-0 lost by SIGKILL", lost, "blocks", bound=CRASH_LOSES_AT_MOST)
    assert lost <= CRASH_LOSES_AT_MOST, f"geth-follower-0 lost {lost} blocks; its memory holds {CRASH_LOSES_AT_MOST}"
    hashes = execution.hashes_at(head)
    assert hashes.agree, hashes.told(f"the same block {head} everywhere")
