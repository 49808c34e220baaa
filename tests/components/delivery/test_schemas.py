"""What is made of published schemas, and of Argo CD's templates."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.components.delivery import gitops
from plumbline.components.delivery.schemas import strict
from plumbline.core.errors import ConfigError


@pytest.mark.parametrize(
    ("published", "made"),
    [
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
            id="what is not named is refused",
        ),
        pytest.param(
            {"properties": {}, "x-kubernetes-preserve-unknown-fields": True},
            {"properties": {}, "x-kubernetes-preserve-unknown-fields": True},
            id="unless anything goes",
        ),
        pytest.param(
            {"type": "object", "properties": {"properties": {"type": "object"}}},
            {"type": "object", "properties": {"properties": {"type": "object"}}, "additionalProperties": False},
            id="a field may be called properties",
        ),
        pytest.param(
            {"type": "string", "format": "int-or-string"},
            {"type": ["integer", "string"]},
            id="a port is a number or a name",
        ),
        pytest.param(
            {"type": "array", "items": {"properties": {}}},
            {"type": "array", "items": {"properties": {}, "additionalProperties": False}},
            id="within lists, too",
        ),
    ],
)
def test_a_schema_is_made_strict(published: dict[str, Any], made: dict[str, Any]) -> None:
    assert strict(published) == made


def applicationset(template: dict[str, Any]) -> dict[str, Any]:
    element = {"environment": "dev", "revision": 'a "tag"'}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "metadata": {"name": "platform"},
        "spec": {"template": template, "generators": [{"list": {"elements": [element]}}]},
    }


def test_an_applicationset_makes_one_application_of_each_element() -> None:
    template = {"metadata": {"name": "{{ .environment }}-platform"}, "spec": {"revision": "{{ .revision }}"}}

    (made,) = gitops.expanded(applicationset(template))

    assert (made["kind"], made["metadata"], made["spec"]) == (
        "Application",
        {"name": "dev-platform"},
        {"revision": 'a "tag"'},
    )


def test_a_name_that_no_element_has_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"the template of platform names \.enviroment, which an element lacks"):
        list(gitops.expanded(applicationset({"metadata": {"name": "{{ .enviroment }}"}})))
