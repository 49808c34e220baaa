"""Cycles: the machine is compared with how it was before the first."""

from __future__ import annotations

from typing import cast

import pytest

from plumbline.bench import cycles
from plumbline.bench.commands import Commands, Ended
from plumbline.bench.cycles import Cycle, Use
from plumbline.bench.leftovers import Place
from plumbline.components.node.belongings import Belonging

GOOD = Ended(0, 41.0, "")
BEFORE = Use(disk=10**10, memory=10**9)
NOTHING: frozenset[Belonging] = frozenset()


class Script:
    """Commands that succeed, and a machine that they change nothing on."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def run(self, command: str) -> Ended:
        self.calls.append(command)
        return GOOD

    def occupied(self) -> frozenset[Belonging]:
        return NOTHING

    def left_since(self, _: frozenset[Belonging]) -> frozenset[Belonging]:
        return NOTHING


def test_caches_are_filled_before_anything_is_compared() -> None:
    script, uses = Script(), iter([BEFORE, BEFORE, Use(BEFORE.disk + 10**6, BEFORE.memory)])

    done = list(cycles.measure(cast("Commands", script), cast("Place", script), lambda: next(uses), count=2))

    assert script.calls == ["down", "up", "down", "up", "down", "up", "down"]
    assert [one.disk_grown for one in done] == [0, 10**6]
    assert all(one.green for one in done)


@pytest.mark.parametrize(
    ("cycle", "trouble"),
    [
        (Cycle(Ended(4, 9.0, "no"), GOOD, BEFORE, BEFORE, NOTHING), "plumbline up ended with 4: no"),
        (Cycle(GOOD, Ended(1, 9.0, "left"), BEFORE, BEFORE, NOTHING), "plumbline down ended with 1: left"),
        (
            Cycle(GOOD, GOOD, BEFORE, Use(BEFORE.disk + 10**9, BEFORE.memory), NOTHING),
            "1000 MB of disk did not come back; at most 300 MB may stay",
        ),
        (
            Cycle(GOOD, GOOD, BEFORE, Use(BEFORE.disk, BEFORE.memory + 10**9), NOTHING),
            "1000 MB of memory did not come back; at most 500 MB may stay",
        ),
        (Cycle(GOOD, GOOD, BEFORE, BEFORE, frozenset({Belonging("mount", "/x")})), "left behind: mount /x"),
    ],
)
def test_each_trouble_is_red_and_told(cycle: Cycle, trouble: str) -> None:
    assert not cycle.green
    assert list(cycle.troubles()) == [trouble]
    assert f"1: {trouble}" in cycles.lines([cycle])
