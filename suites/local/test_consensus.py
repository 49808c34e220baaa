"""CON: the devnet's beacon node finalizes by votes, serves what light clients can verify, and survives its own restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.components.chain import light_client_judge
from plumbline.components.operation.parts import HEALED_TARGET_S, HEALED_WITHIN_S, PARTS
from reports.evidence import attach, figure, step

if TYPE_CHECKING:
    from plumbline.components.chain.slots import SlotClock
    from plumbline.components.consensus import Consensus
    from plumbline.stack import Stack


@pytest.mark.control("CON-001")
def test_blocks_carry_the_votes(consensus: Consensus) -> None:
    """Preconditions: a live chain.
    Steps: read the attestations in the newest four blocks, and which part of its slot's committee each stands for.
    Expected: more than two thirds of the committees of the two slots before the head voted.
    """
    votes = consensus.votes(blocks=4)
    attach("share of the committee that voted, by slot", {str(slot): share for slot, share in votes.share.items()})

    lacking = votes.lacking()

    assert not lacking, f"beacon-0: shares of the committees that voted, by slot: {lacking}; more than 2/3 finalize"


@pytest.mark.control("CON-001")
def test_served_checkpoint_is_that_of_the_state(consensus: Consensus, slots: SlotClock) -> None:
    """Preconditions: a finalizing chain.
    Steps: read the finalized checkpoint of the head state, the block that is called finalized, and the finality update.
    Expected: all name one block, which is the first of its epoch, and that epoch is at most three back.
    """
    slots.avoid_epoch_start()
    finalized = consensus.checkpoints().finalized

    served = consensus.served_finality()

    assert served.root == finalized.root, f"beacon-0 finalized {finalized}, but serves {served}"
    assert served.proved, f"beacon-0 finalized {finalized}, but its finality update is for another block"
    assert served.slot <= finalized.first_slot, f"beacon-0: the block of {finalized} is of slot {served.slot}"
    assert slots.epoch - finalized.epoch <= 3, f"beacon-0 finalized {finalized}, this is epoch {slots.epoch}"


@pytest.mark.control("CON-002")
def test_specification_accepts_the_light_client_objects(consensus: Consensus, slots: SlotClock) -> None:
    """Preconditions: a finalizing chain.
    Steps: start the specification's own light client from the chain's first block; have it process all that is served.
    Expected: it refuses nothing, and ends at the served finalized and optimistic headers, which are recent.
    """
    trusted = str(consensus.header("genesis")["root"])

    verdict = light_client_judge.judge(consensus, trusted, slots.now)

    assert not verdict.refused, verdict.told("beacon-0")
    assert verdict.follows, verdict.told("beacon-0")
    age = slots.now - verdict.optimistic_slot
    assert age <= 3, f"beacon-0 serves an optimistic header that is {age} slots old\n{verdict.told('beacon-0')}"


@pytest.mark.control("CON-003")
@pytest.mark.destructive("consensus", restarts=("beacon-0",))
@pytest.mark.parametrize("how", ["SIGTERM", pytest.param("SIGKILL", marks=pytest.mark.control("OPS-004"))])
def test_beacon_node_resumes_its_chain(stack: Stack, consensus: Consensus, slots: SlotClock, how: str) -> None:
    """Preconditions: a live chain.
    Steps: end the beacon node, gracefully or not; wait for a new block on every node; compare the chain with what it was.
    Expected: it goes on within 60 s, no slot has a second block, none that had one lost it.
    """
    beacon, recent = PARTS["beacon-0"], range(slots.now - 16, slots.now + 1)
    before = consensus.chain(recent)

    with step(f"end the beacon node by {how}"):
        healed = beacon.killed(stack.site) if how == "SIGKILL" else beacon.restarted(stack.site)

    figure(f"beacon-0 healthy after {how}", healed.seconds, "s", target=HEALED_TARGET_S, bound=HEALED_WITHIN_S)
    assert healed.ok, f"beacon-0 does not go on {HEALED_WITHIN_S:.0f} s after {how}: {healed.summary}"
    after = consensus.chain(recent)
    both = before | after
    assert not both.equivocations, f"beacon-0 made two blocks for one slot:\n{both.timeline()}"
    assert not before.lost_in(after), f"beacon-0 lost the blocks of slots {before.lost_in(after)}:\n{both.timeline()}"
