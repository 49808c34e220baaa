"""The stack: what it remembers, and what is done ahead while KinD is at work."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from plumbline import stack
from plumbline.components.base import Component, Site
from plumbline.components.cluster import Cluster
from plumbline.core import wait
from plumbline.core.config import Config
from plumbline.core.errors import BringUpFailed
from plumbline.core.paths import Paths
from plumbline.history import BringUp


class Remembered(Component):
    """A part that is as it was deployed, so that nothing is to be done for it."""

    name = "remembered"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.deployed = 0

    def deploy(self) -> None:
        self.deployed += 1

    def ready(self) -> wait.Condition[bool]:
        return wait.holds(lambda: True)

    def fingerprint(self) -> str:
        return "as ever"


def test_a_part_is_built_again_whatever_is_remembered_of_it(tmp_path: Path) -> None:
    ours = stack.Stack(Site(Config(), Paths(root=tmp_path, state=tmp_path, cache=tmp_path)))
    part = ours.components["remembered"] = Remembered(ours.site)
    ours.up(["remembered"])
    ours.up(["remembered"])
    assert part.deployed == 1

    ours.rebuild("remembered")

    assert part.deployed == 2


# -- while KinD is at work ------------------------------------------------------------------------------------------------


class Early(Remembered):
    """A part whose image is loaded, and which is staged, while KinD is at work; "lost" is where KinD takes the nodes away."""

    name = "early"
    needs = ("cluster",)
    own_images = ("plumbline.local/early:1",)

    def __init__(self, site: Site, kind: Kind) -> None:
        super().__init__(site)
        self.kind = kind

    def load(self) -> None:
        self.kind.tell("loaded")

    def stage(self) -> None:
        self.kind.tell("staged")


class Kind:
    """KinD, which is at work until what is done ahead was tried; the first try fails where it shall."""

    def __init__(self, *, fails: str = "", lost: bool = False) -> None:
        self.told: list[str] = []
        self.fails, self.lost = fails, lost
        self.tried = threading.Barrier(3, timeout=5)
        self.through = False

    def tell(self, what: str) -> None:
        self.told.append(what)
        if not self.through:
            self.tried.wait()
            if what == self.fails or self.lost:
                raise OSError(f"not {what}")

    def create(self) -> None:
        self.tried.wait()
        self.through = not self.lost
        if self.lost:
            raise ValueError("no room for a node")


def with_kind(kind: Kind, folder: Path, monkeypatch: pytest.MonkeyPatch) -> stack.Stack:
    """A stack of a cluster, and of what can be done while it is made."""
    monkeypatch.setattr(Cluster, "check", lambda _: None)
    for method in ("running", "answering", "ready"):
        monkeypatch.setattr(Cluster, method, lambda _: wait.holds(lambda: True))
    monkeypatch.setattr(Cluster, "stage", lambda _: None)
    monkeypatch.setattr(Cluster, "begun", True)
    monkeypatch.setattr(Cluster, "deploy", lambda _: kind.create())
    monkeypatch.setattr(Cluster, "brought_images", ())
    monkeypatch.setattr(Cluster, "fingerprint", lambda _: "")
    ours = stack.Stack(Site(Config(), Paths(root=folder, state=folder, cache=folder)))
    ours.components = {"cluster": ours.cluster, "early": Early(ours.site, kind)}
    return ours


def test_images_and_what_needs_the_api_server_only_do_not_wait_for_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind()

    with_kind(kind, tmp_path, monkeypatch).up()

    assert sorted(kind.told) == ["loaded", "staged"]


@pytest.mark.parametrize("what", ["loaded", "staged"])
def test_what_failed_while_kind_was_at_work_is_done_again(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind(fails=what)

    with_kind(kind, tmp_path, monkeypatch).up()

    assert sorted(kind.told) == sorted(["loaded", "staged", what])


def test_the_failure_of_kind_is_shown_and_not_that_of_those_whose_nodes_it_took_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BringUpFailed, match="cluster did not come up: no room for a node"):
        with_kind(Kind(lost=True), tmp_path, monkeypatch).up()


def test_what_is_remembered_of_an_older_cluster_is_forgotten_before_anything_is_done_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind()
    ours = with_kind(kind, tmp_path, monkeypatch)
    ours._remember(ours.components["early"], 1.0)

    ours.up()

    assert sorted(kind.told) == ["loaded", "staged"]


def test_images_come_one_after_another_in_the_order_of_the_roster() -> None:
    ours = stack.Stack.open(Config())
    steps = ours._steps(ours.components)
    order = [name for name in steps if name.endswith((", unpacking", ", images"))]

    assert [steps[name].needs for name in order] == [("cluster, running",), *((before,) for before in order[:-1])]
    assert order[:4] == ["cluster, unpacking", "network-policy, unpacking", "storage, unpacking", "storage, images"]


def test_a_component_waits_for_the_images_that_nothing_else_would_bring() -> None:
    ours = stack.Stack.open(Config())
    steps = ours._steps(ours.components)
    waits = {name for name, step in steps.items() if any(need.endswith(", images") for need in step.needs)}

    assert waits & set(ours.components) == {name for name, one in ours.components.items() if one.own_images}


def test_how_long_it_takes_is_known_when_it_was_done_before(tmp_path: Path) -> None:
    ours = stack.Stack(Site(Config(), Paths(root=tmp_path, state=tmp_path, cache=tmp_path)))
    ours.components = {"cluster": ours.cluster, "remembered": Remembered(ours.site)}
    assert ours.expected_s() is None
    for seconds in (30.0, 50.0, 40.0):
        ours._history.add(BringUp(ours._kind(ours.components, []), seconds))
    assert ours.expected_s() == 40.0
