"""EXE: the Geth nodes are on the right network, connected, at the head, and right about what happened."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.components.chain import engine_api
from plumbline.components.chain.finality import MAX_BLOCKS_BEHIND
from plumbline.components.chain.late_joiner import JOINED_WITHIN_S
from plumbline.components.chain.transactions import DATA, EMITS_A_LOG, TOPIC, AccountState, Log, new_address
from plumbline.components.execution import CRASH_LOSES_AT_MOST
from plumbline.components.operation.parts import HEALED_TARGET_S, HEALED_WITHIN_S, PARTS
from plumbline.core.patience import settle
from reports.evidence import attach, figure, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.components.chain.heads import Heads
    from plumbline.components.chain.late_joiner import Joined
    from plumbline.components.chain.slots import SlotClock
    from plumbline.components.chain.transactions import Sender
    from plumbline.components.consensus import Consensus
    from plumbline.components.devnet import Devnet
    from plumbline.components.execution import Execution
    from plumbline.stack import Stack

GIFT_WEI = 10**15
FOLLOWER, FOLLOWERS = "geth-follower-0", "geth-follower"
OUT_WITHIN_S, BACK_WITHIN_S = 10.0, 30.0
SERVES_AT_MOST_BEHIND = 6  # blocks, one for each slot of probes.readiness.maxHeadAgeSeconds of charts/geth-node
ROLLED_OUT_WITHIN_S = 90.0


@pytest.mark.control("EXE-001")
@pytest.mark.reading
def test_every_node_is_on_the_configured_network(execution: Execution) -> None:
    """Preconditions: a genesis from which every node was initialised.
    Steps: ask each node for chain id, network id, genesis hash and fork schedule (eth_config, EIP-7910).
    Expected: they are what the genesis asks for, its hash computed outside the cluster.
    """
    expected = execution.expected_identity()

    others = execution.identities().other_than(expected)

    assert not others, others.told(expected)


@pytest.mark.control("EXE-002")
@pytest.mark.reading
def test_every_node_has_all_others_as_peers(execution: Execution) -> None:
    """Preconditions: a full mesh: each node dials each other one.
    Steps: ask each node for its number of peers.
    Expected: each has all others.
    """
    lonely = execution.peers().where_not(lambda peers: peers >= execution.mesh)

    assert not lonely, lonely.told(f"at least {execution.mesh} peers")


@pytest.mark.control("EXE-003")
@pytest.mark.reading
def test_head_advances_with_the_slots(execution: Execution, heads_of_nodes: Callable[[], Heads]) -> None:
    """Preconditions: a finalizing chain, all nodes serving.
    Steps: watch every node's head for two slots.
    Expected: each head advances and none goes back, no head is older than its bound (two slots), all agree on the block at the lowest head.
    """
    heads = heads_of_nodes()
    attach("heads", heads.timeline())
    figure("age of the oldest head", heads.oldest_age, "s", bound=execution.oldest_head_s)
    figure("latest new head after the start of its slot", max(heads.delays, default=0.0), "s")

    assert heads.advanced_everywhere, heads.timeline()
    assert not heads.rewound, heads.timeline()
    assert heads.oldest_age <= execution.oldest_head_s, heads.timeline()
    hashes = execution.hashes_at(heads.lowest)
    assert hashes.agree, hashes.told(f"the same block {heads.lowest} everywhere")


@pytest.mark.control("EXE-004")
def test_late_joiner_downloads_state_and_reaches_the_head(late_joined: Callable[[], Joined]) -> None:
    """Preconditions: a chain of more than 64 blocks; a node that starts empty and trusts a finalized checkpoint.
    Steps: watch it synchronise, guided by its own beacon light client.
    Expected: it downloads the state of a recent block (log and counters say so), has none below it, and reaches the head.
    """
    joined = late_joined()
    synced = joined.synced
    attach("how it synchronised", synced.timeline())
    figure("late joiner at the head", synced.seconds, "s", bound=JOINED_WITHIN_S)

    assert synced.at_head, synced.timeline()
    assert synced.downloaded_state, synced.timeline()
    below = f"the state of block {joined.below}"
    assert joined.others_have_below, f"geth-0 does not have {below}: nothing is proved by that"
    assert not joined.has_below, f"{joined.name} has {below}: it executed history"
    wrong = joined.wrong_balances
    assert not wrong, f"{joined.name} has wrong balances at block {synced.head}: {wrong}"


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
@pytest.mark.beside
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


@pytest.mark.control("EXE-007")
def test_engine_api_lets_in_who_has_the_key_and_nobody_else(execution: Execution, devnet: Devnet) -> None:
    """Preconditions: nodes whose Engine API has the cluster's key.
    Steps: show each node's Engine API no token, a forged one, one of another key, and ones issued more than 60 s ago or ahead;
    then good ones.
    Expected: 401 for each bad token, and an answer to each good one.
    """
    key, now = devnet.engine_key, time.time()

    refused = execution.ask(lambda node: engine_api.shown(node, engine_api.bad(key, now)), within_s=20)
    answered = execution.ask(lambda node: engine_api.shown(node, engine_api.good(key, now)), within_s=20)

    attach("bad tokens", refused.told("401"))
    wrong = refused.where_not(lambda replies: all(reply.status == 401 for reply in replies.values()))
    assert not wrong, engine_api.told(wrong, "401 for every bad token")
    deaf = answered.where_not(lambda replies: all(reply.let_in for reply in replies.values()))
    assert not deaf, engine_api.told(deaf, "an answer to every good token")


@pytest.mark.control("EXE-008")
@pytest.mark.destructive("execution")
def test_node_that_does_not_answer_gets_no_clients(
    execution: Execution, stop: Callable[[str], AbstractContextManager[None]]
) -> None:
    """Preconditions: a follower that clients are sent to.
    Steps: stop its process in the middle of what it does (SIGSTOP); let it go on.
    Expected: clients are sent elsewhere within 10 s, it is not restarted for that, and they come back when it answers again.
    """
    restarts = execution.restarts_of(FOLLOWER)

    with stop(FOLLOWER):
        out = settle(execution.in_service(FOLLOWER, False), named=f"{FOLLOWER} gets no clients", within_s=OUT_WITHIN_S)
    back = settle(execution.in_service(FOLLOWER, True), named=f"{FOLLOWER} gets clients", within_s=BACK_WITHIN_S)

    figure(f"{FOLLOWER} stopped, to no clients", out.seconds, "s", bound=OUT_WITHIN_S)
    assert out.ok, f"{out.summary} {OUT_WITHIN_S:.0f} s after its process stopped"
    assert back.ok, f"{back.summary} {BACK_WITHIN_S:.0f} s after its process went on"
    assert execution.restarts_of(FOLLOWER) == restarts, f"{FOLLOWER} was restarted, though its process was there"


@pytest.mark.control("EXE-008")
def test_node_that_synchronises_gets_no_clients_until_it_has(late_joined: Callable[[], Joined]) -> None:
    """Preconditions: a node that starts empty, and is to serve clients.
    Steps: watch the Service until clients are sent to it; ask it for its head at that moment.
    Expected: it is at the head by then, as near as a node must be that serves.
    """
    admitted = late_joined().admitted

    figure("late joiner, to its first clients", admitted.seconds, "s", bound=JOINED_WITHIN_S)
    assert admitted.ok, f"{admitted.summary} after {JOINED_WITHIN_S:.0f} s"
    assert admitted.value is not None
    assert admitted.value <= SERVES_AT_MOST_BEHIND, f"{admitted.summary}: clients came before it could serve them"


@pytest.mark.control("EXE-008")
@pytest.mark.destructive("execution")
def test_stopped_node_loses_no_block(stack: Stack, execution: Execution) -> None:
    """Preconditions: a follower with a new block, which is in its memory only.
    Steps: delete its pod, which tells it to end (SIGTERM); read from its log where it starts again.
    Expected: it had the time to write everything: it starts from the head that it had (RPO 0 blocks), and follows.
    """
    follower = execution.node(FOLLOWER)
    settle(execution.at_height(follower.head + 1), named="a new block everywhere", within_s=ROLLED_OUT_WITHIN_S)
    head = follower.head

    again = PARTS[FOLLOWER].restarted(stack.site)

    figure(f"{FOLLOWER} serving after SIGTERM", again.seconds, "s", bound=HEALED_WITHIN_S)
    assert again.ok, f"{FOLLOWER} does not follow {HEALED_WITHIN_S:.0f} s after SIGTERM: {again.summary}"
    lost = head - follower.resumed_at()
    figure(f"blocks that {FOLLOWER} lost by SIGTERM", max(lost, 0), "blocks", bound=0)
    assert lost <= 0, (
        f"{FOLLOWER} stopped at block {head} and started {lost} blocks below: it was not let write its state"
    )


@pytest.mark.control("EXE-010")
@pytest.mark.destructive("execution")
@pytest.mark.usefixtures("follower_as_configured")
def test_upgrade_and_rollback_keep_volume_and_head(execution: Execution) -> None:
    """Preconditions: a follower at the head.
    Steps: upgrade its release with another size of its cache; roll the release back.
    Expected: each restarts the node on the volume that it had, at the head that it had, and it serves again.
    """
    follower, volume = execution.node(FOLLOWER), execution.volume_of(FOLLOWER)

    for change, act in (
        ("helm upgrade", lambda: execution.upgrade(FOLLOWERS, {"cacheMiB": 192})),
        ("helm rollback", lambda: execution.roll_back(FOLLOWERS)),
    ):
        head = follower.head
        act()
        done = settle(execution.rolled_out(FOLLOWERS), named=f"{change} rolled out", within_s=ROLLED_OUT_WITHIN_S)

        figure(f"{change} of {FOLLOWERS}, to serving", done.seconds, "s", bound=ROLLED_OUT_WITHIN_S)
        assert done.ok, f"{FOLLOWER} does not serve {ROLLED_OUT_WITHIN_S:.0f} s after {change}: {done.summary}"
        assert execution.volume_of(FOLLOWER) == volume, f"{FOLLOWER} has another volume after {change}"
        resumed = follower.resumed_at()
        assert resumed >= head, f"{FOLLOWER} was at block {head} before {change} and at {resumed} after it"
    hashes = execution.hashes_at(head)
    assert hashes.agree, hashes.told(f"the same block {head} everywhere")


@pytest.mark.control("EXE-010")
@pytest.mark.destructive("execution")
@pytest.mark.usefixtures("follower_as_configured")
@pytest.mark.parametrize(
    ("values", "at"),
    [
        pytest.param({"replicas": "two"}, "/replicas", id="a word for a number"),
        pytest.param({"persistence": {"sizeGiB": 2}}, "/persistence", id="a key that does not exist"),
    ],
)
def test_bad_values_are_refused_by_the_schema(execution: Execution, values: dict[str, Any], at: str) -> None:
    """Preconditions: a release of the chart geth-node.
    Steps: upgrade it with values that are wrong.
    Expected: they are refused before anything is touched, and the message names the value and where it is told what is right.
    """
    before = execution.revision(FOLLOWERS)

    refusal = execution.refusal(FOLLOWERS, values)

    assert f"at '{at}'" in refusal, f"release {FOLLOWERS}: {values} {refusal or 'was taken'}"
    assert "values.schema.json" in refusal, f"release {FOLLOWERS}: the schema did not refuse {values}: {refusal}"
    assert execution.revision(FOLLOWERS) == before, (
        f"release {FOLLOWERS} has a new revision for values that were refused"
    )


@pytest.mark.control("EXE-009", "OPS-004")
@pytest.mark.destructive("execution", restarts=(FOLLOWER,))
def test_killed_follower_loses_little_and_catches_up(stack: Stack, execution: Execution) -> None:
    """Preconditions: a follower at the head.
    Steps: send it SIGKILL; read from its log where it starts again; wait until it follows.
    Expected: it is healthy by itself within 60 s, lost at most what its memory held, and agrees with the others.
    """
    follower = execution.node(FOLLOWER)
    head = follower.head

    healed = PARTS[FOLLOWER].killed(stack.site)

    figure(f"{FOLLOWER} healthy after SIGKILL", healed.seconds, "s", target=HEALED_TARGET_S, bound=HEALED_WITHIN_S)
    assert healed.ok, f"{FOLLOWER} is not healthy {HEALED_WITHIN_S:.0f} s after SIGKILL: {healed.summary}"
    lost = head - follower.resumed_at()
    figure(f"blocks that {FOLLOWER} lost by SIGKILL", lost, "blocks", bound=CRASH_LOSES_AT_MOST)
    assert lost <= CRASH_LOSES_AT_MOST, f"{FOLLOWER} lost {lost} blocks; its memory holds {CRASH_LOSES_AT_MOST}"
    hashes = execution.hashes_at(head)
    assert hashes.agree, hashes.told(f"the same block {head} everywhere")
