"""The light client as oracle: what is asked, and what counts as another answer."""

from __future__ import annotations

from typing import Any

from plumbline.components.verification import oracle
from plumbline.components.verification.oracle import FILLED_OTHERWISE, Question
from plumbline.kube.rpc import RpcError

BLOCK = {"number": "0x64", "hash": "0xb", "timestamp": "0x6b095aac"}


class Node:
    """Answers by method."""

    def __init__(self, name: str, **answers: Any) -> None:
        self.name, self.answers = name, answers

    def rpc(self, method: str, *_: Any) -> Any:
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(said: Any, expected: Any, about: str = "") -> list[str]:
    asked, honest = Node("helios-1", eth_x=said), Node("geth-0", eth_x=expected)
    return [str(one) for one in oracle.differences(asked, honest, [Question("eth_x", ("0x1",), about)])]


def test_the_sample_is_about_one_block_and_covers_every_kind() -> None:
    questions = oracle.sample(BLOCK, "0xt")

    methods = {question.method for question in questions}
    assert methods >= {
        *("eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_getStorageAt", "eth_getProof"),
        *("eth_getBlockByNumber", "eth_getBlockByHash", "eth_getBlockReceipts", "eth_getTransactionReceipt"),
        *("eth_getLogs", "eth_call"),
    }
    assert {q.params[-1] for q in questions if q.method in ("eth_getBalance", "eth_getProof")} == {"0x64"}


def test_the_slots_asked_for_are_those_that_the_block_wrote() -> None:
    slots = {q.params[0]: int(q.params[1], 16) for q in oracle.sample(BLOCK, "0xt") if q.method == "eth_getStorageAt"}

    assert slots == {oracle.BLOCK_HASHES: 99 % 8191, oracle.BEACON_ROOTS: 0x6B095AAC % 8191}


def test_equal_answers_are_no_difference() -> None:
    assert told({"a": 1, "to": None}, {"a": 1}) == []
    assert told([{"a": None}], [{}]) == []


def test_fields_that_the_package_fills_itself_do_not_count_where_it_does() -> None:
    theirs, ours = {"hash": "0xb", "size": "0x0"}, {"hash": "0xb", "size": "0x2f2", "requestsHash": "0xe3"}

    assert told(theirs, ours, "block") == []
    assert "size" in told(theirs, ours)[0]
    assert set(FILLED_OTHERWISE) == {"block", "transaction"}


def test_a_difference_names_who_said_what() -> None:
    assert told("0x1", "0x2") == ["helios-1 answers eth_x(0x1) with 0x1, expected 0x2"]
    assert told({"a": 1, "b": 2}, {"a": 1, "b": 3}) == ["helios-1 answers eth_x(0x1) with {'b': 2}, expected {'b': 3}"]


def test_a_refusal_is_a_difference() -> None:
    refused = RpcError("helios-1", "eth_x", {"code": -32010, "message": "invalid account proof"})

    assert "invalid account proof" in told(refused, "0x2")[0]
