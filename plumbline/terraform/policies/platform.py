"""What an environment consists of."""

from __future__ import annotations

from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.registry import Breaches, rule

PARTS = {
    "a network": "google_compute_network",
    "a subnet": "google_compute_subnetwork",
    "a NAT": "google_compute_router_nat",
    "firewall rules": "google_compute_firewall",
    "a cluster": "google_container_cluster",
    "node pools": "google_container_node_pool",
    "classes of volumes and snapshots": "helm_release",
    "accounts": "google_service_account",
    "Workload Identity": "google_service_account_iam_member",
    "a DNS zone with its editors": "google_dns_managed_zone_iam_member",
    "an address of the load balancer": "google_compute_global_address",
    "a policy of who may call JSON-RPC": "google_compute_security_policy",
    "audit logs": "google_project_iam_audit_config",
    "a policy of images": "google_binary_authorization_policy",
    "a key for Secrets": "google_kms_crypto_key",
}


@rule("complete", promise="Each environment has every part of the platform.")
def complete(plan: Plan) -> Breaches:
    """A part that is toggled off in all environments would be proved by nothing."""
    for part, type_ in PARTS.items():
        if plan.is_environment and not plan.of(type_):
            yield type_, f"there is no {part.removeprefix('a ').removeprefix('an ')}"
