"""HEL: the light client follows the chain by itself, agrees with Geth, and believes nobody who cannot prove what he says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from plumbline_beacon import network

from plumbline.components.verification import oracle
from plumbline.components.verification.deception import Made
from plumbline.components.verification.lying_node import LIES
from plumbline.components.verification.misled import FEW, FORGED, HEALED_WITHIN_S, OLD, UNPROVED, UNREADY_WITHIN_S
from plumbline.core.patience import settle
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.components.chain.heads import Heads
    from plumbline.components.chain.slots import SlotClock
    from plumbline.components.consensus import Consensus
    from plumbline.components.execution import Execution
    from plumbline.components.light_client import LightClient
    from plumbline.components.verification.deception import Deception
    from plumbline.components.verification.further_client import FurtherClient
    from plumbline.components.verification.misled import Course

# A block is signed by the committee of the next slot, and learned of in that one; a third slot is for a block that is missed.
HEAD_AGE_SLOTS = 3
READY_WITHIN_S = 5.0
TRIED_FOR_S = 30.0


@pytest.mark.control("HEL-001")
def test_it_started_from_a_finalized_block_of_the_right_chain(light_client: LightClient, consensus: Consensus) -> None:
    """Preconditions: a finalizing chain, and light clients that were given its finalized block.
    Steps: ask each client for the chain id, and for the block that it would start from again; look that up in the beacon node.
    Expected: the chain id is the devnet's, and the block is one that is finalized.
    """
    finalized = consensus.checkpoints().finalized

    for client in light_client.clients:
        trusted = consensus.header(client.checkpoint)
        slot = int(trusted["header"]["message"]["slot"])
        assert client.chain_id == network.CHAIN_ID, f"{client.name} is on chain {client.chain_id}"
        assert trusted["canonical"], f"{client.name} trusts {client.checkpoint}, which is not of this chain"
        assert slot <= finalized.first_slot, f"{client.name} trusts slot {slot}; finalized is {finalized}"


@pytest.mark.control("HEL-001")
def test_it_follows_the_head(
    light_client: LightClient, execution: Execution, slots: SlotClock, heads_of_light_clients: Callable[[], Heads]
) -> None:
    """Preconditions: a chain whose head advances.
    Steps: watch each client's head for two slots.
    Expected: it advances and does not go back, is never older than three slots, and is Geth's block at its height.
    """
    heads = heads_of_light_clients()
    attach("heads", heads.timeline())
    figure("age of the light client's oldest head", heads.oldest_age, "s", bound=slots.seconds(HEAD_AGE_SLOTS))

    assert heads.advanced_everywhere, heads.timeline()
    assert not heads.rewound, heads.timeline()
    assert heads.oldest_age <= slots.seconds(HEAD_AGE_SLOTS), heads.timeline()
    for client in light_client.clients:
        known = client.block(heads.lowest)["hash"]
        others = execution.hashes_at(heads.lowest).other_than(known)
        assert not others, others.told(f"{known}, as {client.name} verified block {heads.lowest}")


@pytest.mark.control("HEL-002")
def test_verified_answers_equal_geths(
    light_client: LightClient, execution: Execution, logged: Callable[[], str]
) -> None:
    """Preconditions: a transaction with a log, in a block that each client has verified.
    Steps: put the same questions about that block to each client and to Geth: balances, nonces, code, storage, proofs, a call,
    blocks old and new, receipts, logs.
    Expected: the same answers, but for the fields that the package fills by itself.
    """
    geth = execution.nodes[0]
    sent = logged()
    block = geth.block(int(geth.rpc("eth_getTransactionReceipt", sent)["blockNumber"], 16))
    questions = oracle.sample(block, sent)
    attach("questions", "\n".join(map(str, questions)))
    figure("questions that Helios and Geth were asked about one block", len(questions), "questions")

    unlike: list[oracle.Difference] = []
    for client in light_client.clients:
        with client.direct() as asked, geth.direct() as honest:
            unlike += oracle.differences(asked, honest, questions)

    assert not unlike, "\n".join(map(str, unlike))


@pytest.mark.control("HEL-003")
@pytest.mark.parametrize("lie", LIES)
def test_a_lying_execution_node_is_caught(deception: Deception, logged: Callable[[], str], lie: str) -> None:
    """Preconditions: a light client of its own whose execution node is a proxy before Geth that alters one thing.
    Steps: have the proxy lie about that; keep asking the client for it, and judge each answer by Geth's; have it stop; ask again.
    Expected: under the lie each answer is the truth or a refusal for want of a proof, and there are refusals; afterwards each is
    the truth.
    """
    questions = deception.questions(lie, logged())

    with deception.liar.telling(lie):
        heard = deception.hear(questions)
        told = deception.liar.told
    after = deception.hear(questions)

    attach("answers under the lie", "\n".join(map(str, heard)))
    assert told, f"no lie about {lie} was told, so nothing is proved by the answers"
    believed = [one for one in heard if one.made not in (Made.SERVED_TRUE, Made.REFUSED)]
    assert not believed, "\n".join(map(str, believed))
    assert any(one.made is Made.REFUSED for one in heard), f"nothing was refused:\n{'\n'.join(map(str, heard))}"
    hurt = [one for one in after if one.made is not Made.SERVED_TRUE]
    assert not hurt, f"after the lie:\n{'\n'.join(map(str, hurt))}"


@pytest.mark.control("HEL-004")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(FORGED.fault, id="forged signature"),
        pytest.param(UNPROVED.fault, id="wrong finality branch"),
        pytest.param(OLD.fault, id="stalled chain"),
    ],
)
def test_a_misbehaving_chain_is_caught(misled: Callable[[], Mapping[str, Course]], fault: str) -> None:
    """Preconditions: a light client of its own for each fault, at the head.
    Steps: have the beacon node misbehave towards it; watch it, and start a fresh one that is told the same; have it behave again.
    Expected: the one serves no newer block and is not ready within 75 s, the other refuses and says why; afterwards both are
    ready by themselves.
    """
    course = misled()[fault]

    attach("heads", course.heads.timeline())
    figure(f"light client not ready after: {fault}", course.turned_s, "s", bound=UNREADY_WITHIN_S)
    figure(f"light clients ready again after: {fault}", course.healed.seconds, "s", bound=HEALED_WITHIN_S)
    believed = f"{', '.join(course.deceived)} served blocks beyond {course.served.block} under {fault}"
    assert not course.deceived, f"{believed}:\n{course.heads.timeline()}"
    assert course.turned.ok, f"{course.standing}, after {UNREADY_WITHIN_S:.0f} s of {fault}: {course.turned.summary}"
    assert course.started.ok, f"{course.starting} does not say why it refuses under {fault}: {course.started.summary}"
    assert course.healed.ok, f"{HEALED_WITHIN_S:.0f} s after {fault}: {course.healed.summary}"


@pytest.mark.control("HEL-004")
def test_what_it_does_not_notice(misled: Callable[[], Mapping[str, Course]]) -> None:
    """Preconditions: a light client of its own, at the head.
    Steps: have the beacon node serve it updates that six in ten of the sync committee signed, too few to finalize anything;
    watch it over three slots, and start a fresh one.
    Expected: the one follows the head as before, the other becomes ready: that nothing will be finalized, and how few signed,
    is for the monitoring to notice.
    """
    course = misled()[FEW.fault]

    signed = course.served.signed
    assert signed <= 2 / 3, f"{signed:.0%} of the sync committee signed: enough, so nothing is proved"
    assert course.heads.advanced_everywhere, f"it noticed:\n{course.heads.timeline()}"
    assert course.turned.ok, f"{course.standing} noticed: {course.turned.summary}"
    assert course.started.ok, f"{course.starting} noticed: {course.started.summary}"


@pytest.mark.control("HEL-005")
@pytest.mark.undisturbed
def test_its_figures_beside_geths(light_client: LightClient, execution: Execution, fresh: FurtherClient) -> None:
    """Preconditions: a finalized chain.
    Steps: start a fresh client and ask it for a balance until it has verified one; measure what clients and Geth nodes use.
    Expected: it is ready within 5 s of its start, and needs less disk than any node.
    """
    fresh.join()
    answered = settle(fresh.answers(network.FUNDED[0].address), named="first verified answer", within_s=TRIED_FOR_S)
    verified_at = time.time()
    started = settle(fresh.ready(), named=f"{fresh.release} ready", within_s=TRIED_FOR_S)
    assert answered.ok, f"{fresh.release} verified nothing in {TRIED_FOR_S:.0f} s: {answered.summary}"
    assert started.ok, f"{fresh.release} is not ready after {TRIED_FOR_S:.0f} s: {started.summary}"
    ready_s, verified_s = fresh.seconds_to_ready(), verified_at - fresh.started_at()
    used, beside = light_client.usage(), execution.ask(lambda node: node.usage)

    attach("what they use", "\n".join(f"{name}: {usage}" for name, usage in [*used.items(), *beside.items()]))
    figure("light client: start of its container to ready", ready_s, "s", bound=READY_WITHIN_S)
    figure("light client: start of its container to its first verified answer", verified_s, "s")
    for who, usages in (("light client", used.values), ("Geth node", beside.values)):
        figure(f"{who}: memory", max(usage.memory_bytes for usage in usages) / 2**20, "MiB")
        figure(f"{who}: CPU", max(usage.cpu_cores for usage in usages), "cores")
        figure(f"{who}: disk", max(usage.disk_bytes for usage in usages) / 2**20, "MiB")
    assert ready_s <= READY_WITHIN_S, f"{fresh.release} took {ready_s:.0f} s until it was ready"
    most = max(usage.disk_bytes for usage in used.values)
    smaller = beside.where_not(lambda usage: usage.disk_bytes > most)
    assert not smaller, smaller.told(f"more than the {most} bytes of a light client")
