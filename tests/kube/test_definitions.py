"""CRDs without their prose, and when they count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.kube import definitions
from plumbline.kube.api import Object


def test_definitions_lose_their_prose_and_nothing_else() -> None:
    schema = {
        "properties": {"status": {"description": "what it is", "type": "object"}, "description": {"type": "string"}}
    }
    definition = {"spec": {"versions": [{"subresources": {"status": {}}, "schema": schema}]}}

    (version,) = definitions.without_prose(definition)["spec"]["versions"]

    assert version["subresources"] == {"status": {}}
    assert version["schema"] == {"properties": {"status": {"type": "object"}, "description": {"type": "string"}}}


@pytest.mark.parametrize(
    ("status", "established"),
    [
        ({"conditions": None}, False),
        ({}, False),
        ({"conditions": [{"type": "Established", "status": "False"}]}, False),
        ({"conditions": [{"type": "Established", "status": "True"}]}, True),
    ],
)
def test_a_definition_counts_when_the_api_server_serves_it(status: Object, established: bool) -> None:
    kube: Any = SimpleNamespace(watch=lambda _, __, judge, **___: judge({"things.example.com": {"status": status}}))

    seen: Any = definitions.established(kube, "things.example.com")

    assert seen.ok is established
