"""Who can read which Secret: by a right, or because a pod is given it; and what the table makes of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plumbline.components.isolation import readers
from plumbline.components.isolation.readers import FILE, Readers, Row
from plumbline.core.errors import ConfigError

OWN = Row(("a/app",), ("a/*",), "its own")


class Api:
    """An API server that grants what it is told to grant, and has one pod."""

    def __init__(self, *granted: tuple[str, str, str]) -> None:
        self.granted = granted

    def request(self, method: str, path: str, *, body: dict[str, Any]) -> dict[str, Any]:
        spec = body["spec"]
        asked = spec["resourceAttributes"]
        user = spec["user"].removeprefix("system:serviceaccount:").replace(":", "/")
        return {"status": {"allowed": (user, asked["verb"], f"{asked['namespace']}/{asked['name']}") in self.granted}}

    def objects(self, kind: str, namespace: str | None) -> list[dict[str, Any]]:
        volumes = [{"secret": {"secretName": "file"}}, {"projected": {"sources": [{"secret": {"name": "part"}}, {}]}}]
        environment = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "variable"}}}, {"name": "B", "value": "b"}]
        container = {"env": environment, "envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "no"}}]}
        spec = {"serviceAccountName": "app", "volumes": volumes, "containers": [container]}
        return [{"metadata": {"name": "app-0", "namespace": "a"}, "spec": spec}]


def test_a_right_is_any_verb_that_shows_the_content() -> None:
    api = Api(("b/one", "get", "a/key"), ("b/two", "watch", "a/key"))

    found = readers.rights(api, ["b/one", "b/two", "b/three"], ["a/key", "a/other"])  # type: ignore[arg-type]

    assert {pair: how for pair, how in found.items() if pair[0] != "a/app"} == {
        ("b/one", "a/key"): "may get",
        ("b/two", "a/key"): "may watch",
    }


def test_what_a_pod_is_given_its_account_can_read() -> None:
    found = readers.rights(Api(), [], [])  # type: ignore[arg-type]

    assert set(found) == {("a/app", f"a/{name}") for name in ("file", "part", "variable", "all")}


def test_a_right_that_is_not_listed_is_named_with_account_and_secret() -> None:
    told = Readers((OWN,)).foreign({("a/app", "a/key"): "may get", ("b/other", "a/key"): "may list"})

    assert told == [f"ServiceAccount b/other can read Secret a/key (may list), which local/{FILE} does not list"]


def test_a_row_that_gives_nothing_is_stale_where_its_account_exists() -> None:
    table = Readers((OWN, Row(("b/absent",), ("b/*",), "later")))

    assert table.stale({}, ["a/app"]) == [f"local/{FILE} lets ServiceAccount a/app read a/*, which it cannot"]
    assert table.stale({("a/app", "a/key"): "may get"}, ["a/app"]) == []


def test_a_reader_without_a_reason_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text('[[reader]]\naccounts = ["a/app"]\nsecrets = ["a/*"]\n')

    with pytest.raises(ConfigError, match="each reader has accounts, reason, secrets"):
        Readers.read(tmp_path)
