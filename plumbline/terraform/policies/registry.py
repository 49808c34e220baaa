"""The register of rules: a name that findings carry, a promise, and a function that yields what breaks it in a plan.

::

    @rule("private-nodes", promise="No node has a public address.")
    def private_nodes(plan: Plan) -> Breaches:
        for pool in plan.of("google_container_node_pool"):
            if pool.value("network_config", "enable_private_nodes") is not True:
                yield pool, "its nodes get public addresses"
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan, Resource

Breaches = Iterator[tuple[Resource | str, str]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: what its findings are called.
        promise: what holds where it finds nothing.
        breaches: yields the resources (or, where none is to blame, what is missing) that break it, each with the reason.
    """

    name: str
    promise: str
    breaches: Callable[[Plan], Breaches]


_RULES: dict[str, Rule] = {}


def rule(name: str, *, promise: str) -> Callable[[Callable[[Plan], Breaches]], Callable[[Plan], Breaches]]:
    """Register a rule."""

    def register(breaches: Callable[[Plan], Breaches]) -> Callable[[Plan], Breaches]:
        assert name not in _RULES, f"two rules are called {name}"
        _RULES[name] = Rule(name, promise, breaches)
        return breaches

    return register


def rules() -> tuple[Rule, ...]:
    """Return every rule, by name."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(_RULES[name] for name in sorted(_RULES))


def judge(plan: Plan) -> list[Finding]:
    """Return everything in a plan that breaks a rule."""
    return [
        Finding(each.name, f"{plan.name}: {where if isinstance(where, str) else where.address}", why)
        for each in rules()
        for where, why in each.breaches(plan)
    ]
