"""The network of KinD's nodes goes with the last of them."""

from __future__ import annotations

import json

import pytest

from plumbline.components.node import host
from plumbline.core import shell


@pytest.mark.parametrize(
    ("exists", "nodes", "containers", "removed"),
    [(True, "", {}, True), (True, "", {"x": 1}, False), (True, "1234", {}, False), (False, "", {}, False)],
)
def test_the_network_goes_when_nothing_needs_it(
    exists: bool, nodes: str, containers: dict[str, int], removed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def docker(argv: list[str], **_: object) -> shell.Result:
        words = " ".join(argv)
        asked.append(words)
        out = nodes if " ps " in words else json.dumps(containers) if ".Containers" in words else ""
        return shell.Result(tuple(argv), 0 if exists else 1, out, "", 0.0)

    monkeypatch.setattr(shell, "run", docker)

    host.Network({}).remove_unused()

    assert ("docker network rm kind" in asked) is removed
