"""A copy is judged by the hashes of its blocks and by proofs of its state."""

from __future__ import annotations

from recoverytest import Answering

from plumbline.components.recovery import judgement

BLOCK = {"number": "0x64", "timestamp": "0x6553f100", "hash": "0x1"}
PROOF = {"accountProof": ["0x1", "0x2"], "balance": "0x1"}
JUDGE = Answering("geth-0", {"eth_getBlockByNumber": BLOCK, "eth_getProof": PROOF})


def test_nothing_is_said_against_a_true_copy() -> None:
    copy = Answering("geth-restored-0", JUDGE.said)

    assert judgement.of_block(copy, [JUDGE], 100) == []
    assert judgement.of_state(copy, [JUDGE, JUDGE], BLOCK) == []


def test_another_block_is_told_with_the_copys_name() -> None:
    copy = Answering("geth-restored-0", {"eth_getBlockByNumber": {**BLOCK, "hash": "0x2"}})

    (said,) = judgement.of_block(copy, [JUDGE], 100)

    assert said == (
        "geth-restored-0 answers eth_getBlockByNumber(0x64, False) with {'hash': '0x2'}, expected {'hash': '0x1'}"
    )


def test_other_forks_are_told() -> None:
    forks = {"current": {"forkId": "0x1"}}
    judge = Answering("geth-0", {"eth_config": forks})

    assert judgement.of_forks(Answering("geth-restored-0", {"eth_config": forks}), [judge]) == []
    (said,) = judgement.of_forks(Answering("geth-restored-0", {"eth_config": {"current": {"forkId": "0x2"}}}), [judge])
    assert said.startswith("geth-restored-0 answers eth_config() with {'current': {'forkId': '0x2'}}")


def test_one_wrong_proof_is_enough() -> None:
    from plumbline.components.verification import oracle

    wrong = oracle.proofs(BLOCK)[3].params[0]
    copy = Answering(
        "geth-restored-0", {**JUDGE.said, ("eth_getProof", wrong): {**PROOF, "accountProof": ["0x1", "0x3"]}}
    )

    (said,) = judgement.of_state(copy, [JUDGE], BLOCK)

    assert wrong in said
