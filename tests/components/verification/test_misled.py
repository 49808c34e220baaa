"""What a light client that was misled must not show."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.components.chain.heads import Head, Heads, Watched
from plumbline.components.chain.slots import Window
from plumbline.components.consensus import ServedUpdate
from plumbline.components.verification.misled import Course

UNUSED: Any = None


def course(*numbers: int) -> Course:
    """Return what became of one that was served block 69 when it began to be misled."""
    heads = tuple(Head(number, f"0x{number:x}", 0.0, 0.0) for number in numbers)
    shown = Heads(Window(0, 3), 0.0, {"helios-old": Watched(heads)})
    return Course("helios-old", "helios-late", shown, ServedUpdate(69, 1.0), UNUSED, 1.0, UNUSED, UNUSED)


@pytest.mark.parametrize("numbers", [(), (69,), (68, 69)], ids=["nothing", "what it had", "what stood, taken late"])
def test_what_was_true_before_it_began_deceives_nobody(numbers: tuple[int, ...]) -> None:
    assert course(*numbers).deceived == []


@pytest.mark.parametrize("numbers", [(70,), (69, 70), (68, 69, 71)])
def test_a_block_beyond_it_is_a_lie_believed(numbers: tuple[int, ...]) -> None:
    assert course(*numbers).deceived == ["helios-old"]
