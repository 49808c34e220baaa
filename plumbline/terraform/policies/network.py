"""Promises about who may call whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.terraform.plan import Plan, Resource
from plumbline.terraform.policies.registry import Breaches, rule

_EVERYWHERE = {"0.0.0.0/0", "::/0", "*"}
_RPC_PORTS = (8545, 8546, 8551)
_LAST_PRIORITY = 2147483647


@rule("narrow-ingress", promise="No firewall rule lets the Internet in, and each says for which ports and nodes it is.")
def narrow_ingress(plan: Plan) -> Breaches:
    """A rule without sources is for all of them."""
    for each in _rules(plan, "INGRESS"):
        sources = set(each.value("source_ranges") or [])
        if sources & _EVERYWHERE or not (sources or each.gives("source_ranges")):
            yield each, f"lets {', '.join(sorted(sources)) or 'everybody'} in"
        if not each.value("target_tags"):
            yield each, "is for every machine of the network"
        for allowed in each.each("allow"):
            if allowed["protocol"] == "all" or not allowed.get("ports"):
                yield each, f"opens every port ({allowed['protocol']})"


@rule("narrow-egress", promise="Nodes call only what is listed: everything else is denied.")
def narrow_egress(plan: Plan) -> Breaches:
    """The network's own default is to let everything out, so the last word must be a denial."""
    networks = plan.of("google_compute_network")
    if networks and not any(_denies_all(each) for each in _rules(plan, "EGRESS")):
        yield networks[0], "no firewall rule denies what is not allowed"
    for each in _rules(plan, "EGRESS"):
        if not set(each.value("destination_ranges") or []) & _EVERYWHERE or not each.each("allow"):
            continue
        if not each.value("target_tags"):
            yield each, "every node may call the Internet"
        for allowed in each.each("allow"):
            if allowed["protocol"] == "all" or not allowed.get("ports"):
                yield each, f"the whole Internet on every port ({allowed['protocol']})"


@rule("no-public-rpc", promise="JSON-RPC and the Engine API are not open to the Internet.")
def no_public_rpc(plan: Plan) -> Breaches:
    """By no firewall rule, no address of a machine, no load balancer without a policy that denies by default."""
    for each in _rules(plan, "INGRESS"):
        if set(each.value("source_ranges") or []) & _EVERYWHERE:
            for port in (port for port in _RPC_PORTS if _opens(each, port)):
                yield each, f"port {port} is open to everybody"
    for policy in plan.of("google_compute_security_policy"):
        clauses = policy.each("rule")
        last = [clause for clause in clauses if clause["priority"] == _LAST_PRIORITY]
        if not last or not last[0]["action"].startswith("deny"):
            yield policy, "whoever is not listed is let in"
        for clause in clauses:
            if not clause["action"].startswith("deny") and _sources(clause) & _EVERYWHERE:
                yield policy, f"its rule {clause['priority']} lets everybody in"


@rule("rate-limited", promise="Clients from outside are limited in their rate.")
def rate_limited(plan: Plan) -> Breaches:
    """Each rule that lets somebody in has a limit."""
    for policy in plan.of("google_compute_security_policy"):
        for each in policy.each("rule"):
            if not each["action"].startswith("deny") and not each.get("rate_limit_options"):
                yield policy, f"its rule {each['priority']} has no limit"


@rule("modern-tls", promise="The load balancer speaks TLS 1.2 or newer, with modern ciphers.")
def modern_tls(plan: Plan) -> Breaches:
    """Google's default still takes TLS 1.0."""
    for policy in plan.of("google_compute_ssl_policy"):
        if policy.value("min_tls_version") not in {"TLS_1_2", "TLS_1_3"}:
            yield policy, f"takes {policy.value('min_tls_version') or 'TLS_1_0'}"
        if policy.value("profile") not in {"MODERN", "RESTRICTED"}:
            yield policy, f"its profile is {policy.value('profile') or 'COMPATIBLE'}"


@rule(
    "egress-by-nat",
    promise="Nodes leave by a NAT with addresses that are known, and reach Google's services privately.",
)
def egress_by_nat(plan: Plan) -> Breaches:
    """Whom the nodes call can let these addresses in, and nothing else."""
    for nat in plan.of("google_compute_router_nat"):
        if nat.value("nat_ip_allocate_option") != "MANUAL_ONLY":
            yield nat, "its addresses change (nat_ip_allocate_option is not MANUAL_ONLY)"
        if nat.value("log_config", "enable") is not True:
            yield nat, "what it drops is not logged"
    for subnet in plan.of("google_compute_subnetwork"):
        if subnet.value("private_ip_google_access") is not True:
            yield subnet, "Google's services are reached by the NAT (private_ip_google_access is not true)"


@rule(
    "no-public-address", promise="No machine has a public address of its own, and the network is not Google's default."
)
def no_public_address(plan: Plan) -> Breaches:
    """Machines are GKE's alone; a network with automatic subnets comes with ranges in every region."""
    for machine in plan.of("google_compute_instance", "google_compute_instance_template"):
        yield machine, "is a machine outside of GKE"
    for network in plan.of("google_compute_network"):
        if network.value("auto_create_subnetworks") is not False:
            yield network, "makes subnets in every region (auto_create_subnetworks is not false)"


def _rules(plan: Plan, direction: str) -> list[Resource]:
    """Return the firewall rules of a direction; one that names none is for what comes in."""
    return [each for each in plan.of("google_compute_firewall") if (each.value("direction") or "INGRESS") == direction]


def _denies_all(each: Resource) -> bool:
    everything = set(each.value("destination_ranges") or []) & _EVERYWHERE and not each.value("target_tags")
    return bool(everything) and any(denied["protocol"] == "all" for denied in each.each("deny"))


def _opens(each: Resource, port: int) -> bool:
    for allowed in each.each("allow"):
        ranges = [text.partition("-") for text in allowed.get("ports") or ["0-65535"]]
        if allowed["protocol"] in {"all", "tcp"} and any(
            int(first) <= port <= int(last or first) for first, _, last in ranges
        ):
            return True
    return False


def _sources(clause: Mapping[str, Any]) -> set[str]:
    """Return the ranges that a rule of Cloud Armor is for."""
    configs = [config for match in clause.get("match") or [] for config in match.get("config") or []]
    return {source for config in configs for source in config.get("src_ip_ranges") or []}
