"""Every rule has a mistake that it must notice, and finds its way around a plan."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.faults import registry as faults
from plumbline.terraform.plan import Plan
from plumbline.terraform.policies import network
from plumbline.terraform.policies.images import admits
from plumbline.terraform.policies.registry import judge, rules


def plan(*resources: dict[str, Any], name: str = "prod") -> Plan:
    """A plan of these resources in one module, each given everything that it has."""
    configured = [{"address": each["address"].partition("[")[0], "expressions": each["values"]} for each in resources]
    inside = {
        "child_modules": [{"resources": [{**each, "address": f"module.m.{each['address']}"} for each in resources]}]
    }
    module = {"module_calls": {"m": {"module": {"resources": configured}}}}
    return Plan(name, {"planned_values": {"root_module": inside}, "configuration": {"root_module": module}})


def firewall(**values: Any) -> dict[str, Any]:
    return {"address": 'google_compute_firewall.rpc["a"]', "type": "google_compute_firewall", "values": values}


def test_every_rule_has_a_mistake_that_it_must_notice() -> None:
    noticed = {fault.check for fault in faults.load().all()}

    assert [rule.name for rule in rules() if rule.name not in noticed] == []


def test_there_are_mistakes_enough() -> None:
    assert len({fault.name for fault in faults.load().all() if fault.breaks in {"IAC-001", "IAC-002"}}) >= 25


def test_every_rule_says_what_it_promises() -> None:
    assert all(rule.promise.endswith(".") for rule in rules())


def test_a_rule_that_names_no_source_lets_everybody_in() -> None:
    open_rule = firewall(target_tags=["geth"], allow=[{"protocol": "tcp", "ports": ["8545"]}])

    assert [why for _, why in network.narrow_ingress(plan(open_rule))] == ["lets everybody in"]


def test_a_port_is_open_within_a_range_too() -> None:
    wide = firewall(source_ranges=["0.0.0.0/0"], allow=[{"protocol": "tcp", "ports": ["8000-9000"]}])

    assert [why for _, why in network.no_public_rpc(plan(wide))] == [
        "port 8545 is open to everybody",
        "port 8546 is open to everybody",
        "port 8551 is open to everybody",
    ]


def test_a_finding_names_the_plan_and_the_resource() -> None:
    found = judge(plan(firewall(source_ranges=["0.0.0.0/0"], allow=[{"protocol": "all"}]), name="examples/x"))

    assert 'narrow-ingress: examples/x: module.m.google_compute_firewall.rpc["a"]: opens every port (all)' in map(
        str, found
    )


@pytest.mark.parametrize(
    ("pattern", "image", "admitted"),
    [
        ("docker.io/ethereum/client-go*", "docker.io/ethereum/client-go:v1.17.10", True),
        ("docker.io/ethereum/client-go*", "docker.io/ethereum/client-go/x:v1", False),
        ("quay.io/prometheus/*", "quay.io/prometheus/node-exporter:v1", True),
        ("quay.io/prometheus/**", "quay.io/prometheus/a/b:v1", True),
        ("quay.io/prometheus/*", "quay-io/prometheus/a:v1", False),
    ],
)
def test_a_star_ends_at_a_slash(pattern: str, image: str, admitted: bool) -> None:
    assert admits(pattern, image) is admitted
