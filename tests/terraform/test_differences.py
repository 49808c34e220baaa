"""Environments differ where their plans do, names aside."""

from __future__ import annotations

from typing import Any

from plumbline.terraform.differences import differing
from plumbline.terraform.plan import Plan


def plan(name: str, **resources: dict[str, Any]) -> Plan:
    """A plan of resources by their type."""
    items = [{"address": f"{type_}.this", "type": type_, "values": values} for type_, values in resources.items()]
    return Plan(name, {"planned_values": {"root_module": {"resources": items}}, "configuration": {"root_module": {}}})


def test_the_environments_own_name_is_no_difference() -> None:
    one = plan("dev", google_a={"name": "ethereum-dev", "labels": {"environment": "dev"}})
    other = plan("prod", google_a={"name": "ethereum-prod", "labels": {"environment": "prod"}})

    assert differing(one, other) == set()


def test_a_name_within_a_word_is_not_the_environments() -> None:
    zone = {"dns_name": "pkg.dev."}

    assert differing(plan("dev", google_a=zone), plan("prod", google_a=zone)) == set()


def test_arguments_in_blocks_are_named_without_their_number() -> None:
    one = plan("dev", google_a={"disk": [{"type": "pd-balanced"}]})
    other = plan("prod", google_a={"disk": [{"type": "pd-ssd"}]})

    assert differing(one, other) == {"google_a.disk.type"}


def test_a_missing_resource_is_named_by_its_type() -> None:
    assert differing(plan("dev"), plan("prod", google_a={"name": "x"})) == {"google_a"}
