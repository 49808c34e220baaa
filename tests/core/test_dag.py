"""The DAG: order, parallelism, failure, giving up."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline import dag, stack
from plumbline.components.base import Component
from plumbline.core.config import Config
from plumbline.core.errors import BringUpFailed, ConfigError, EngineUnavailable, UsageError


class Part:
    """Only what the DAG looks at."""

    uses: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, *needs: str, uses: tuple[str, ...] = ()) -> None:
        self.name, self.needs = name, needs
        self.uses = uses  # type: ignore[misc]


def parts(*members: Part) -> dict[str, Component]:
    return cast("dict[str, Component]", {part.name: part for part in members})


def test_nothing_starts_before_what_it_needs() -> None:
    order: list[str] = []
    wanted = parts(Part("c", "b"), Part("b", "a"), Part("a"))

    dag.run(wanted, lambda part, _: order.append(part.name))

    assert order == ["a", "b", "c"]


def test_independent_parts_run_at_the_same_time() -> None:
    meet = threading.Barrier(3, timeout=5)

    dag.run(parts(Part("a"), Part("b"), Part("c")), lambda *_: meet.wait())  # type: ignore[arg-type, return-value]


def test_a_circle_is_named() -> None:
    with pytest.raises(ConfigError, match="a circle: a -> b -> a"):
        dag.run(parts(Part("a", "b"), Part("b", "a")), lambda *_: None)


def test_the_first_failure_gives_up_the_rest_and_starts_nothing_new() -> None:
    started: list[str] = []

    def bring_up(part: Component, cancelled: threading.Event) -> None:
        started.append(part.name)
        if part.name == "bad":
            raise ValueError("no image")
        assert cancelled.wait(5)
        raise RuntimeError("given up")

    begin = time.monotonic()
    with pytest.raises(BringUpFailed, match="bad did not come up: no image"):
        dag.run(parts(Part("bad"), Part("slow"), Part("later", "bad")), bring_up)

    assert sorted(started) == ["bad", "slow"]
    assert time.monotonic() - begin < 4


def test_an_unfit_machine_keeps_its_own_error() -> None:
    def bring_up(*_: Any) -> None:
        raise EngineUnavailable("unix:///x", "connection refused")

    with pytest.raises(EngineUnavailable, match='run "make engine"'):
        dag.run(parts(Part("cluster")), bring_up)


def test_closure_holds_needs_and_uses_in_roster_order() -> None:
    roster = parts(
        Part("cluster"),
        Part("balancer", "cluster"),
        Part("ingress", "cluster", uses=("balancer",)),
        Part("other", "cluster"),
    )

    assert list(dag.closure(roster, ["ingress"])) == ["cluster", "balancer", "ingress"]


def test_an_unknown_goal_is_refused_with_what_is_known() -> None:
    with pytest.raises(UsageError, match='there is no component "monitering"; known are cluster'):
        dag.closure(parts(Part("cluster")), ["monitering"])


def test_the_real_roster_has_no_circle_and_knows_all_it_names() -> None:
    roster = cast("dict[str, Component]", {kind.name: kind for kind in stack.components_of(Config())})
    order: list[str] = []

    dag.run(roster, lambda part, _: order.append(part.name))

    assert order[0] == "cluster"
    assert {name for part in roster.values() for name in (*part.needs, *part.uses)} <= set(roster)


@given(st.data())
def test_any_dag_runs_every_part_once_after_its_needs(data: st.DataObject) -> None:
    names = [f"p{i}" for i in range(data.draw(st.integers(1, 7)))]
    wanted = parts(
        *(Part(n, *data.draw(st.sets(st.sampled_from(names[:i]))) if i else ()) for i, n in enumerate(names))
    )
    done: list[str] = []
    lock = threading.Lock()

    def bring_up(part: Component, _: threading.Event) -> None:
        with lock:
            assert set(part.needs) <= set(done)
            done.append(part.name)

    dag.run(wanted, bring_up)

    assert sorted(done) == names
