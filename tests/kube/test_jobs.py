"""Jobs of a schedule: made as its controller would make them, and how they ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from plumbline.kube import jobs
from plumbline.kube.api import Object

TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"completions": 2}}


class Kube:
    """An API server with one schedule, which keeps what is applied."""

    def __init__(self) -> None:
        self.applied: list[Object] = []

    def get(self, kind: str, name: str, namespace: str) -> Object:
        assert (kind, name, namespace) == ("CronJob", "nightly", "reader")
        return {"metadata": {"uid": "0-1"}, "spec": {"jobTemplate": TEMPLATE}}

    def apply(self, objects: Iterable[Object]) -> None:
        self.applied += objects


def test_a_job_is_the_schedules_own() -> None:
    kube: Any = Kube()

    assert jobs.start(kube, "nightly", "reader", 7) == "nightly-7"
    (made,) = kube.applied
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("nightly-7", "reader")
    assert (made["metadata"]["labels"], made["spec"]) == ({"a": "b"}, {"completions": 2})
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["name"], owner["controller"]) == ("0-1", "nightly", True)


@pytest.mark.parametrize(
    ("conditions", "outcome"),
    [([], None), ([("Complete", "False")], None), ([("Complete", "True")], True), ([("Failed", "True")], False)],
)
def test_a_job_ends_well_or_not_or_is_at_work(conditions: list[tuple[str, str]], outcome: bool | None) -> None:
    said = [{"type": kind, "status": status} for kind, status in conditions]

    assert jobs.outcome({"status": {"conditions": said}}) is outcome


def test_a_job_that_is_not_there_yet_has_not_ended() -> None:
    assert jobs.outcome({}) is None
