"""Machines beside the nodes: whoever was interrupted while it had one leaves none behind that its cluster does not know of."""

from __future__ import annotations

import pytest

from plumbline.components.node.belongings import Belonging, of_cluster
from plumbline.components.node.neighbours import LABEL, Neighbours
from plumbline.core import shell


class Engine:
    """Answers like Docker, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.machines: list[str] = []

    def __call__(self, argv: list[str], **_: object) -> shell.Result:
        self.asked.append(" ".join(argv))
        ours = " ps " in self.asked[-1] and f"label={LABEL}=one" in self.asked[-1]
        out = "\n".join(self.machines) if ours else "abc\n" if " run " in self.asked[-1] else ""
        return shell.Result(tuple(argv), 0, out, "", 0.0)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(shell, "run", engine)
    return engine


def test_it_ends_with_the_block_also_where_that_fails(engine: Engine) -> None:
    def fail(_: str) -> None:
        raise ValueError

    with (
        pytest.raises(ValueError),  # noqa: PT011
        Neighbours("one", {}).started("image", "bash", "-c", "true", may=("NET_ADMIN",)) as machine,
    ):
        fail(machine)

    begun, ended = engine.asked
    assert begun.endswith("--cap-add=NET_ADMIN --entrypoint=bash image -c true")
    assert f"--label={LABEL}=one" in begun
    assert ended == "docker rm --force --volumes abc"


def test_one_that_nobody_ended_belongs_to_its_cluster(engine: Engine) -> None:
    engine.machines = ["brave_hopper"]

    assert of_cluster("one", {}) == {Belonging("container", "brave_hopper")}
    assert of_cluster("two", {}) == set()


def test_nothing_is_asked_where_there_is_none_to_end(engine: Engine) -> None:
    Neighbours("one", {}).end()

    assert engine.asked == []
