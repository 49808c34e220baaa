from __future__ import annotations

import threading
from typing import Any

from plumbline_beacon import network

from plumbline.components.chain import heads
from plumbline.components.chain.heads import Head, Heads, Watched
from plumbline.components.chain.slots import Window

FIRST = 2000
ENDED = network.slot_start(FIRST + 2) + 4.0


def head(number: int, slot: int, delay: float = 0.5, fork: str = "") -> Head:
    start = network.slot_start(slot)
    return Head(number, f"0x{number}{fork}", start, start + delay)


def seen(*shown: Head, answered_at: float = ENDED, error: str = "") -> Watched:
    return Watched(shown, answered_at, error)


def over(**by_node: Watched) -> Heads:
    return Heads(Window(FIRST, FIRST + 2), ENDED, by_node)


WELL = seen(head(10, FIRST), head(11, FIRST + 1), head(12, FIRST + 2, 1.0))


def test_heads_that_follow_the_slots() -> None:
    watched = over(a=WELL, b=WELL)

    assert watched.advanced_everywhere
    assert not watched.rewound
    assert watched.oldest_age == 13.0  # the second head, until the third came one second late
    assert watched.lowest == 12
    assert watched.delays == [0.5, 1.0, 0.5, 1.0]


def test_a_head_that_stands_still_grows_old_and_is_told_first() -> None:
    watched = over(a=WELL, b=seen(head(10, FIRST)))

    assert watched.standing == ["b"]
    assert watched.oldest_age == ENDED - network.slot_start(FIRST)
    assert watched.lowest == 10
    assert watched.timeline().startswith("b: stands at 10 (slot 2000 +0.5 s); oldest 28.0 s")


def test_a_silent_node_is_named_with_its_error() -> None:
    watched = over(a=WELL, b=seen(answered_at=0.0, error="ConnectionError: refused"))

    assert not watched.advanced_everywhere
    assert watched.oldest_age == float("inf")
    assert watched.timeline().startswith("b: showed no head at all: ConnectionError: refused")


def test_silence_at_the_end_is_told() -> None:
    watched = over(b=seen(head(10, FIRST), head(11, FIRST + 1), answered_at=ENDED - 15, error="timed out"))

    assert "silent for the last 15 s: timed out" in watched.timeline()


def test_a_head_that_goes_back_or_is_replaced_is_rewound() -> None:
    back = seen(head(10, FIRST), head(9, FIRST + 1), head(11, FIRST + 2))
    replaced = seen(head(10, FIRST), head(10, FIRST + 1, fork="b"), head(11, FIRST + 2))

    assert over(a=WELL, b=back, c=replaced).rewound == ["b", "c"]


class Node:
    name = "a"

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.number = 5

    def block(self, number: int | str) -> dict[str, Any]:
        assert number == "latest"
        self.number += 1
        if self.number > 7:
            self.asked.set()
            raise ConnectionError("gone")
        return {"number": hex(self.number), "hash": hex(self.number), "timestamp": hex(network.slot_start(FIRST))}


def test_watching_keeps_each_head_and_the_last_error(monkeypatch: Any) -> None:
    node = Node()
    monkeypatch.setattr(heads, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(heads.wait, "moment", lambda *_: node.asked.wait(5))

    watched = heads.watch([node], Window(FIRST, FIRST)).by_node["a"]  # type: ignore[list-item]

    assert [head.number for head in watched.heads] == [6, 7]
