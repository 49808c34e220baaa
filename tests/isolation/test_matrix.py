"""The judgement of a sweep: a flipped cell is named, whichever way it was flipped, and so is what the table does not know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from plumbline.components.isolation import matrix, picture
from plumbline.components.isolation.census import Backend, Census, Source, Target
from plumbline.components.isolation.flows import NODE, OUTSIDE, Flows, Port, Row
from plumbline.components.isolation.matrix import Matrix, Verdict

PLACES = ("a/one", "a/two", "b/three")
SOURCES = (Source(NODE, NODE), *(Source(f"{place}-0", place, f"10.0.0.{at}", place) for at, place in enumerate(PLACES)))
TARGETS = (
    *(Target(s.name, s.address, Port(80), (Backend(s.place, Port(80), s.address),)) for s in SOURCES[1:]),
    Target("Service a/one at 10.9.0.1", "10.9.0.1", Port(8080), (Backend("a/one", Port(80), "10.0.0.0"),)),
    Target(OUTSIDE, "192.0.2.1", Port(443), (Backend(OUTSIDE, Port(443), "192.0.2.1"),)),
)
CENSUS = Census(SOURCES, TARGETS)
ROWS = st.sets(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)), max_size=5)


def table(pairs: Iterable[tuple[str, str]]) -> Flows:
    rows = [Row(to, 80, 80, "TCP", frozenset([source]), "because") for source, to in pairs]
    return Flows((*rows, *(Row(place, 80, 80, "TCP", frozenset(), "known") for place in PLACES)))


def itself(source: Source, target: Target) -> bool:
    return source.address in {backend.address for backend in target.backends}


def as_listed(flows: Flows) -> dict[str, set[int]]:
    """What a sweep finds where everything is as the table says."""
    return {
        source.name: {
            index
            for index, target in enumerate(TARGETS)
            if not itself(source, target) and any(flows.allows(source.place, b.place, b.port) for b in target.backends)
        }
        for source in SOURCES
    }


def judged(flows: Flows, reached: dict[str, set[int]]) -> Matrix:
    return matrix.judge(flows, CENSUS, reached)


@given(pairs=ROWS)
def test_what_is_as_listed_is_right_and_complete(pairs: set[tuple[str, str]]) -> None:
    flows = table(pairs)

    found = judged(flows, as_listed(flows))

    assert found.wrong() == []
    pairs_with_itself = sum(itself(source, target) for source in SOURCES for target in TARGETS)
    assert pairs_with_itself == len(PLACES) + 1, "each pod by its address, and one by its Service as well"
    assert len(found.cells) == len(SOURCES) * len(TARGETS) - pairs_with_itself


@given(pairs=ROWS, data=st.data())
def test_one_flipped_cell_is_the_one_that_is_named(pairs: set[tuple[str, str]], data: st.DataObject) -> None:
    flows = table(pairs)
    reached = as_listed(flows)
    source = data.draw(st.sampled_from(SOURCES[1:]))
    index = data.draw(st.sampled_from([i for i, t in enumerate(TARGETS) if not itself(source, t)]))
    was_open = index in reached[source.name]
    reached[source.name] ^= {index}

    wrong = judged(flows, reached).wrong()

    verdict = Verdict.SHUT if was_open else Verdict.NOT_LISTED
    assert wrong == [f"{source.name} ({source.place}) to {TARGETS[index]} is {verdict}"]


def test_a_closed_port_counts_only_where_somebody_reached_it() -> None:
    flows = table([])
    reached = as_listed(flows)
    reached[NODE] -= {0}

    verdicts = {cell.verdict for cell in judged(flows, reached).cells.values() if cell.target is TARGETS[0]}

    assert verdicts == {Verdict.SHUT, Verdict.UNPROVED}


def test_who_may_not_is_no_witness() -> None:
    flows = table([])
    reached = as_listed(flows)
    reached[NODE] -= {0}
    reached["a/two-0"] |= {0}

    found = judged(flows, reached)

    assert found.cells["a/two-0", str(TARGETS[0])].verdict is Verdict.NOT_LISTED
    assert found.cells["b/three-0", str(TARGETS[0])].verdict is Verdict.UNPROVED


def test_a_node_is_a_stranger_to_pods_of_others() -> None:
    first, second = (Source(name, NODE, node=name) for name in ("node-1", "node-2"))
    near, far = (Backend("a/one", Port(80), f"10.0.{at}.1", f"node-{at}") for at in (1, 2))
    alone, both = (
        Target("a/one-0", "10.0.2.1", Port(80), (far,)),
        Target("Service a/one", "10.9.0.1", Port(80), (near, far)),
    )
    nowhere = Target("node-2", "172.18.0.3", Port(10250), (Backend(NODE, Port(10250), "172.18.0.3", "node-2"),))
    there = Census((first, second), (alone, both, nowhere))

    def opened(sources: set[str]) -> set[tuple[str, str]]:
        flows = Flows((Row("a/one", 80, 80, "TCP", frozenset(sources), "because"),))
        reached = {"node-1": {0, 2}, "node-2": {0, 2}}
        judged = matrix.judge(flows, there, reached, leader="node-1")
        return {key for key, cell in judged.cells.items() if cell.verdict is Verdict.OPEN}

    everything_else = {("node-2", str(alone)), ("node-1", str(nowhere)), ("node-2", str(nowhere))}
    assert opened(set()) == everything_else
    assert opened({"api-server"}) == opened({"another-node"}) == everything_else | {("node-1", str(alone))}


def test_what_chance_decides_is_no_cell() -> None:
    source = Source("node-1", NODE, node="node-1")
    pods = tuple(Backend("a/one", Port(80), f"10.0.{at}.1", f"node-{at}") for at in (1, 2))
    there = Census((source,), (Target("Service a/one", "10.9.0.1", Port(80), pods),))

    assert not matrix.judge(table([]), there, {}, leader="node-1").cells


def test_what_the_table_does_not_know_is_named() -> None:
    stranger = Target("a/one-0", "10.0.0.0", Port(9999), (Backend("a/one", Port(9999), "10.0.0.0"),))

    told = list(matrix.strangers(table([]), {"a/one-0": "a/one", "c/new-0": "c/new"}, (*TARGETS, stranger)))

    assert len(told) == 2
    assert told[0].startswith("pod c/new-0 (c/new) is in the cluster")
    assert told[1].startswith("a/one-0 port 9999/TCP (a/one, 9999/TCP) can be called")


def test_the_picture_has_a_square_for_each_cell_and_tells_which_is_wrong() -> None:
    flows = table([("a/one", "a/two")])
    reached = as_listed(flows)
    reached["b/three-0"] |= {0}
    found = judged(flows, reached)

    drawn = ElementTree.fromstring(picture.svg(found))

    squares = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect") if each.get("class")]
    assert len(squares) == len(found.cells)
    assert [s[0].text for s in squares if s.get("class") == "not_listed"] == [
        str(found.cells["b/three-0", str(TARGETS[0])])
    ]


def test_the_picture_stands_alone() -> None:
    drawn = picture.svg(judged(table([]), {}))

    assert set(re.findall(r"https?://[^\"]+", drawn)) == {"http://www.w3.org/2000/svg"}
