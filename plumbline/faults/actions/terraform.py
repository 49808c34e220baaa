"""Mistakes about Terraform that are not in its files: a check that looks away. The others stand in mistakes/terraform.toml."""

from __future__ import annotations

from pathlib import Path

from plumbline.faults.actions.mistakes import replace
from plumbline.faults.registry import mutation


@mutation(
    "rule-blunted", breaks="IAC-003", injured="google_compute_firewall.ingress_front_ends", check="narrow-ingress"
)
def rule_blunted(copy: Path) -> None:
    """A rule over plans looks away where the Internet is let in."""
    rules = copy / "plumbline" / "terraform" / "policies" / "network.py"
    replace(rules, '_EVERYWHERE = {"0.0.0.0/0", "::/0", "*"}', '_EVERYWHERE = {"::/0"}')
