"""The graph of jobs: order, limits, failure."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from plumbline.core import graph
from plumbline.core.graph import GraphError, Job

LIMITS = {"compile": 1, "light": 2}


def nothing() -> None:
    """Do nothing."""


def test_a_job_comes_after_what_it_needs_otherwise_as_listed() -> None:
    jobs = [
        Job("node", ("os", "go"), nothing),
        Job("first", (), nothing),
        Job("go", (), nothing),
        Job("os", (), nothing),
    ]

    assert [job.name for job in graph.order(jobs)] == ["os", "go", "node", "first"]


def test_a_circle_is_refused_with_its_members() -> None:
    with pytest.raises(GraphError, match="a -> b -> a"):
        graph.order([Job("a", ("b",), nothing), Job("b", ("a",), nothing)])


def test_an_unknown_need_is_refused() -> None:
    with pytest.raises(GraphError, match="a needs b, which is not in the graph"):
        graph.order([Job("a", ("b",), nothing)])


def test_everything_runs_once_in_order() -> None:
    done: list[str] = []
    jobs = [
        Job(name, needs, lambda name=name: done.append(name))
        for name, needs in (("c", ("a", "b")), ("a", ()), ("b", ("a",)))
    ]
    graph.run(jobs, LIMITS)

    assert done == ["a", "b", "c"]


def test_a_lane_is_not_overfilled_and_lanes_run_side_by_side() -> None:
    together = threading.Barrier(2, timeout=5)
    compiling = threading.Semaphore(1)

    def meet() -> None:
        together.wait()

    def compile_alone(then: Callable[[], None]) -> None:
        assert compiling.acquire(blocking=False)
        then()
        compiling.release()

    jobs = [
        Job("one", (), lambda: compile_alone(meet), "compile"),
        Job("two", (), lambda: compile_alone(nothing), "compile"),
        Job("beside", (), meet),
    ]
    graph.run(jobs, LIMITS)


def test_after_a_failure_nothing_new_starts_and_it_is_raised() -> None:
    started: list[str] = []

    def fail() -> None:
        started.append("fails")
        raise ValueError("no such module")

    jobs = [Job("fails", (), fail, "compile"), Job("after", ("fails",), lambda: started.append("after"))]
    with pytest.raises(ValueError, match="no such module"):
        graph.run(jobs, LIMITS)

    assert started == ["fails"]


def test_the_time_of_a_build_is_that_of_its_lanes_and_needs() -> None:
    takes_s = {"kubernetes": 300.0, "geth": 100.0, "os": 40.0, "node": 30.0, "image": 5.0}
    jobs = [
        Job("kubernetes", (), nothing, "compile"),
        Job("os", (), nothing),
        Job("geth", (), nothing, "compile"),
        Job("image", ("geth",), nothing),
        Job("node", ("kubernetes", "os"), nothing),
    ]

    assert graph.makespan(jobs, LIMITS, lambda job: takes_s[job.name]) == 300 + 100 + 5
    assert graph.makespan(jobs, {"compile": 2, "light": 2}, lambda job: takes_s[job.name]) == 300 + 30
    assert graph.makespan([], LIMITS, lambda _: 1.0) == 0
