"""Both ways to bring the stack up: the usual one in its order, and the two in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plumbline import stack
from plumbline.bench import bringup, sequential
from plumbline.bench.bringup import OURS, USUAL, Run
from plumbline.bench.figures import Figure
from plumbline.components.base import Component, HelmComponent, Site
from plumbline.core import shell
from plumbline.core.config import Config
from plumbline.core.errors import UsageError
from plumbline.core.paths import Paths
from plumbline.core.wait import Observation
from plumbline.kube import helm
from plumbline.kube.helm import Helm
from plumbline.stack import Stack


@pytest.fixture
def roster() -> dict[str, Component]:
    """The components of the devnet, of which nothing is touched."""
    site = Site(Config(), Paths.of())
    return {kind.name: kind(site) for kind in stack.components_of(Config())}


def test_the_usual_order_is_the_described_one_each_after_its_needs(roster: dict[str, Component]) -> None:
    order = [component.name for component in sequential.in_order(roster)]
    described = [name for name in order if name in sequential.ORDER]

    assert described == [name for name in sequential.ORDER if name in roster]
    assert sorted(order) == sorted(roster)
    for component in roster.values():
        assert all(order.index(need) < order.index(component.name) for need in component.needs)


class Always:
    """A condition that holds."""

    def observe(self, _: object) -> Iterator[Observation[None]]:
        yield Observation(True, None, "")


def test_the_usual_way_does_one_after_another_and_finishes_as_ours(
    roster: dict[str, Component], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for kind in {type(component) for component in roster.values()}:
        for step in ("load", "stage", "deploy"):
            monkeypatch.setattr(kind, step, lambda self, step=step: calls.append(f"{step} {self.name}"))
        monkeypatch.setattr(kind, "ready", lambda self: calls.append(f"await {self.name}") or Always())
    ours = Stack.open(Config())

    sequential.bring_up(ours)

    order = [component.name for component in sequential.in_order(ours.components)]
    by_helm = {name for name, component in ours.components.items() if isinstance(component, HelmComponent)}
    installed = {
        name: [
            *(f"{step} {name}" for step in ("load", "stage", "deploy")),
            *([] if name in by_helm else [f"await {name}"]),
        ]
        for name in order
    }
    chain = [call for name in sequential.CHAIN for call in installed[name]]
    at = min(calls.index(f"load {name}") for name in sequential.CHAIN)
    assert sorted(calls[at : at + len(chain)]) == sorted(chain), "the two halves of the chain go side by side"
    calls[at : at + len(chain)] = chain
    assert calls == [call for name in order for call in installed[name]] + [f"await {name}" for name in ours.components]


@pytest.mark.parametrize(
    ("waits_s", "words"), [(0, ["--disable-openapi-validation"]), (300, ["--wait", "--timeout=300s"])]
)
def test_only_the_usual_helm_waits_and_checks_beforehand(
    waits_s: float, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    site = Site(Config(), Paths.of())

    def run(argv: Any, **_: Any) -> shell.Result:
        asked.extend(argv)
        return shell.Result((), 0, "", "", 0.0)

    monkeypatch.setattr(helm.shell, "run", run)
    Helm(site.kube, site.paths.charts, site.paths.bin, waits_s=waits_s).upgrade(
        "geth", "geth-node", "x", "values.yaml", {}
    )

    assert [word for word in asked if str(word).startswith(("--wait", "--timeout", "--disable"))] == words
    assert sequential.open_stack(Config(), Paths.of()).site.helm.waits_s > 0
    assert Stack.open(Config()).site.helm.waits_s == 0


def test_both_ways_in_turn_each_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(Stack, "standing", False)
    monkeypatch.setattr(Stack, "up", lambda self: calls.append("ours"))
    monkeypatch.setattr(Stack, "down", lambda self: calls.append("down"))
    monkeypatch.setattr(sequential, "bring_up", lambda self: calls.append("usual"))
    monkeypatch.setattr(bringup.images, "build", lambda paths: calls.append("images"))

    runs = list(bringup.measure(Config(), Paths.of(), runs=2))

    assert calls == ["images", *["ours", "down", "usual", "down"] * 2]
    assert [run.way for run in runs] == [OURS, USUAL] * 2


def test_a_standing_stack_is_not_destroyed_for_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "standing", True)

    with pytest.raises(UsageError, match="destroy it first"):
        list(bringup.measure(Config(), Paths.of(), runs=1))


def figures(ours: list[float], usual: list[float]) -> list[Figure]:
    return bringup.figures([Run(OURS, seconds) for seconds in ours] + [Run(USUAL, seconds) for seconds in usual])


def test_figures_are_medians_and_their_ratio() -> None:
    assert [figure.value for figure in figures([39, 41, 90], [80, 82, 84])] == [41, 82, 0.5]


@pytest.mark.parametrize(("ours", "usual", "holds"), [(59, 118, True), (61, 122, False), (50, 70, False)])
def test_time_and_ratio_have_bounds(ours: float, usual: float, holds: bool) -> None:
    assert all(figure.holds for figure in figures([ours], [usual])) is holds
