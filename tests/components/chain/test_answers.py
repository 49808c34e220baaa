from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from plumbline.components.chain.answers import Answer, Answers, ask
from plumbline.core.errors import PlumblineError


@dataclass(frozen=True)
class Node:
    name: str
    peers: int = 2
    never: threading.Event | None = None

    def count(self) -> int:
        if self.never is not None:
            self.never.wait(5)
        if self.peers < 0:
            raise ConnectionError("refused")
        return self.peers


def test_a_node_that_hangs_delays_nobody_and_counts_as_silent() -> None:
    never = threading.Event()
    heard = ask([Node("a"), Node("b", never=never), Node("c")], Node.count, within_s=0.2)
    never.set()

    assert dict(heard.items()) == {"a": 2, "c": 2}
    assert not heard.agree
    assert list(heard.where_not(lambda peers: peers >= 2)) == ["b"]


def test_a_refusal_is_an_answer_that_names_the_node() -> None:
    heard = ask([Node("a"), Node("b", peers=-1)], Node.count)

    wrong = heard.other_than(2)

    assert list(wrong) == ["b"]
    assert wrong.told("2 peers").splitlines() == ["b: expected 2 peers", "b: no answer (ConnectionError: refused)"]
    with pytest.raises(PlumblineError, match="b: no answer"):
        heard["b"]


def test_nothing_is_wrong_when_all_answer_as_expected() -> None:
    heard = Answers({"a": Answer(0), "b": Answer(0)})

    assert not heard.other_than(0)
    assert heard.agree


def test_different_values_do_not_agree() -> None:
    assert not Answers({"a": Answer("0x1"), "b": Answer("0x2")}).agree
