"""CRDs without their prose."""

from __future__ import annotations

from plumbline.components import definitions


def test_definitions_lose_their_prose_and_nothing_else() -> None:
    schema = {
        "properties": {"status": {"description": "what it is", "type": "object"}, "description": {"type": "string"}}
    }
    definition = {"spec": {"versions": [{"subresources": {"status": {}}, "schema": schema}]}}

    (version,) = definitions.without_prose(definition)["spec"]["versions"]

    assert version["subresources"] == {"status": {}}
    assert version["schema"] == {"properties": {"status": {"type": "object"}, "description": {"type": "string"}}}
