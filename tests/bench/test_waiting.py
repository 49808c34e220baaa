"""How soon waits return, on an API server that is a dictionary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from plumbline.bench import waiting
from plumbline.bench.waiting import Return
from plumbline.core import wait
from plumbline.kube.api import Kube


class Server:
    """One object, and whoever waits for a change of it."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.changed = threading.Condition()

    def apply(self, objects: list[dict[str, Any]]) -> None:
        self.objects = {item["metadata"]["name"]: item for item in objects}

    def patch(self, kind: str, name: str, namespace: str, change: dict[str, Any]) -> None:
        with self.changed:
            self.objects[name]["data"].update(change["data"])
            self.changed.notify_all()

    def delete(self, kind: str, name: str, namespace: str) -> None:
        del self.objects[name]

    def watch(self, kind: str, namespace: str, judge: Callable[..., Any], *, name: str) -> Any:
        server = self

        class Watch:
            def observe(self, deadline: wait.Deadline) -> Iterator[Any]:
                with server.changed:
                    while True:
                        yield judge(server.objects)
                        server.changed.wait(deadline.left_s)

        return Watch()

    def kubectl(self, *words: str, within_s: float) -> None:
        turn = next(word for word in words if word.startswith("--for=")).rpartition("=")[2]
        with self.changed:
            assert self.changed.wait_for(lambda: self.objects[waiting._NAME]["data"]["turn"] == turn, within_s)


def test_both_waits_return_after_the_change_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    monkeypatch.setattr(waiting, "_STANDING_S", 0.05)

    returns = list(waiting.measure(cast("Kube", server), 3))

    assert len(returns) == 3
    assert all(0 <= one.ours_s < 1 and 0 <= one.kubectl_s < 1 for one in returns)
    assert server.objects == {}


def test_only_our_tail_has_a_bound() -> None:
    slow_kubectl = waiting.figures([Return(0.02, 0.5)] * 19 + [Return(0.09, 0.5)] * 2)
    slow_ours = waiting.figures([Return(0.02, 0.5)] * 18 + [Return(0.2, 0.5)] * 2)

    assert [round(figure.value, 2) for figure in slow_kubectl] == [0.02, 0.09, 0.5, 0.5]
    assert all(figure.holds for figure in slow_kubectl)
    assert [figure.holds for figure in slow_ours] == [True, False, True, True]
