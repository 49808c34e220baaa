"""What is made of the API server's answer to an eviction."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.isolation import budgets
from plumbline.kube.transport import ApiError


def site(answer: ApiError | None) -> Any:
    def request(method: str, path: str, *, body: dict[str, Any]) -> None:
        assert body["deleteOptions"] == {"dryRun": ["All"]}, "nothing may come to harm"
        if answer:
            raise answer

    return SimpleNamespace(kube=SimpleNamespace(request=request))


@pytest.mark.parametrize(("status", "refused"), [(429, True), (403, False)])
def test_only_a_budgets_refusal_counts(status: int, refused: bool) -> None:
    answer = budgets.ask(site(ApiError("POST", "/eviction", status, "no")), "ethereum", "geth-1")

    assert (answer.pod, answer.refused, answer.said) == ("ethereum/geth-1", refused, "no")


def test_what_would_be_granted_is_not_refused() -> None:
    assert not budgets.ask(site(None), "ethereum", "geth-1").refused


def test_a_pod_is_under_the_budgets_that_select_it() -> None:
    def budget(name: str, **labels: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}}}

    pod = {"metadata": {"labels": {"instance": "geth", "name": "geth-node"}}}
    found = [budget("geth", instance="geth"), budget("other", instance="other"), budget("everybody's")]
    kube = SimpleNamespace(get=lambda *_: pod, objects=lambda *_: found)

    assert budgets.of_pod(SimpleNamespace(kube=kube), "ethereum", "geth-1") == ["geth", "everybody's"]  # type: ignore[arg-type]
