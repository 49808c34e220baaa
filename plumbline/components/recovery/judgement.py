"""What others say of a copied chain: its blocks by their hashes, its state by proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plumbline.components.verification import oracle
from plumbline.components.verification.oracle import Answering, Question


def of_block(copy: Answering, judges: Sequence[Answering], number: int) -> list[str]:
    """Return, in words, where a copied chain has another block at a height than the judges have."""
    question = Question("eth_getBlockByNumber", (hex(number), False), "block")
    return [str(found) for judge in judges for found in oracle.differences(copy, judge, [question])]


def of_forks(copy: Answering, judges: Sequence[Answering]) -> list[str]:
    """Return, in words, where a copy that is at the head has other forks than the judges; it brought its own along (EIP-7910)."""
    question = Question("eth_config", ())
    return [str(found) for judge in judges for found in oracle.differences(copy, judge, [question])]


def of_state(copy: Answering, judges: Sequence[Answering], block: Mapping[str, Any]) -> list[str]:
    """Return, in words, which accounts and storage of a copy are proved otherwise than the judges' at a block."""
    questions = oracle.proofs(block)
    return [str(found) for judge in judges for found in oracle.differences(copy, judge, questions)]
