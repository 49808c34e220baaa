"""Promises about the cluster and its nodes."""

from __future__ import annotations

from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.registry import Breaches, rule

CLUSTER, POOL = "google_container_cluster", "google_container_node_pool"
_CONTROL_PLANE_LOGS = {"APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"}
_AUDITED = {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
_POOLS = {"ingress", "monitoring", "workloads"}


@rule("private-nodes", promise="No node has a public address.")
def private_nodes(plan: Plan) -> Breaches:
    """GKE gives nodes public addresses unless it is told not to, for the cluster and for each pool."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("private_cluster_config", "enable_private_nodes") is not True:
            yield cluster, "private_cluster_config.enable_private_nodes is not true"
    for pool in plan.of(POOL):
        if pool.value("network_config", "enable_private_nodes") is not True:
            yield pool, "network_config.enable_private_nodes is not true"


@rule("private-control-plane", promise="The API server has no public address; who reaches its DNS name is up to IAM.")
def private_control_plane(plan: Plan) -> Breaches:
    """The public endpoint is off, and no public range is let in."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("private_cluster_config", "enable_private_endpoint") is not True:
            yield cluster, "private_cluster_config.enable_private_endpoint is not true"
        if not cluster.gives("master_authorized_networks_config"):
            yield cluster, "without master_authorized_networks_config every network may call"
        if cluster.value("master_authorized_networks_config", "gcp_public_cidrs_access_enabled") is not False:
            yield cluster, "any machine of Google's cloud may call (gcp_public_cidrs_access_enabled)"
        for network in cluster.value("master_authorized_networks_config", "cidr_blocks") or []:
            if network.get("cidr_block", "").endswith("/0"):
                yield cluster, f"{network['cidr_block']} is an authorized network"


@rule("regional", promise="The control plane is regional: it outlives the loss of a zone.")
def regional(plan: Plan) -> Breaches:
    """A location with a zone's letter makes a zonal control plane."""
    for each in plan.of(CLUSTER, POOL):
        location = each.value("location")
        if location is None or location.count("-") != 1:
            yield each, f"its location is {location or 'not given'}, not a region"


@rule("shielded-nodes", promise="Nodes boot only what is signed, and say so if anything changed.")
def shielded_nodes(plan: Plan) -> Breaches:
    """Secure boot is off by default."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("enable_shielded_nodes") is not True:
            yield cluster, "enable_shielded_nodes is not true"
    for each in plan.of(CLUSTER, POOL):
        for setting in ("enable_secure_boot", "enable_integrity_monitoring"):
            if each.value("node_config", "shielded_instance_config", setting) is not True:
                yield each, f"node_config.shielded_instance_config.{setting} is not true"


@rule("node-metadata", promise="Pods cannot read the node's credentials.")
def node_metadata(plan: Plan) -> Breaches:
    """With GKE_METADATA the metadata server answers for the pod's identity; the legacy endpoints know no such thing."""
    for each in plan.of(CLUSTER, POOL):
        if each.value("node_config", "workload_metadata_config", "mode") != "GKE_METADATA":
            yield each, "node_config.workload_metadata_config.mode is not GKE_METADATA"
    for pool in plan.of(POOL):
        if pool.value("node_config", "metadata", "disable-legacy-endpoints") != "true":
            yield pool, "the legacy metadata endpoints are not disabled"


@rule("dataplane-v2", promise="NetworkPolicies are enforced, by Dataplane V2, and let pods ask for names.")
def dataplane_v2(plan: Plan) -> Breaches:
    """Without it a NetworkPolicy is an object that nobody reads.

    With it, pods ask the pods of a cache of names, and no longer those of kube-dns, whom the charts let them ask. Newer versions of
    GKE bring such a cache, unless they are told not to.
    """
    for cluster in plan.of(CLUSTER):
        if cluster.value("datapath_provider") != "ADVANCED_DATAPATH":
            yield cluster, "datapath_provider is not ADVANCED_DATAPATH"
        if cluster.value("addons_config", "dns_cache_config", "enabled") is not False:
            yield cluster, "addons_config.dns_cache_config.enabled is not false"


@rule("patched", promise="Control plane and nodes are upgraded by a release channel, in a window that is known.")
def patched(plan: Plan) -> Breaches:
    """A cluster without a channel is not upgraded until its version ends."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("release_channel", "channel") not in {"REGULAR", "STABLE"}:
            yield cluster, f"its release channel is {cluster.value('release_channel', 'channel') or 'not given'}"
        if not cluster.value("maintenance_policy", "recurring_window", "recurrence"):
            yield cluster, "it has no maintenance window"
    for pool in plan.of(POOL):
        for setting in ("auto_repair", "auto_upgrade"):
            if pool.value("management", setting) is not True:
                yield pool, f"management.{setting} is not true"


@rule(
    "secrets-encrypted", promise="Secrets are encrypted in etcd with a key of our own, which is replaced by schedule."
)
def secrets_encrypted(plan: Plan) -> Breaches:
    """Google encrypts its disks anyway; this is a second layer, whose key can be withdrawn."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("database_encryption", "state") != "ENCRYPTED" or not cluster.gives(
            "database_encryption", "key_name"
        ):
            yield cluster, "database_encryption does not say ENCRYPTED with a key"
    for key in plan.of("google_kms_crypto_key"):
        if int((key.value("rotation_period") or "0s").removesuffix("s")) not in range(1, 90 * 86400 + 1):
            yield key, "it is not replaced at least every 90 days"


@rule(
    "audit-logs",
    promise="The API server's and the workloads' logs are kept, and who read or changed what is on record.",
)
def audit_logs(plan: Plan) -> Breaches:
    """Production keeps all; an example or another environment may go without the workloads'."""
    for cluster in plan.of(CLUSTER):
        wanted = {"SYSTEM_COMPONENTS", "WORKLOADS", *_CONTROL_PLANE_LOGS}
        if missing := wanted - set(cluster.value("logging_config", "enable_components") or []):
            yield cluster, f"{', '.join(sorted(missing))} are not logged"
    services = {config.value("service"): config for config in plan.of("google_project_iam_audit_config")}
    if plan.of(CLUSTER) and "container.googleapis.com" not in services:
        yield "google_project_iam_audit_config", "calls of container.googleapis.com are not audited"
    for config in services.values():
        if missing := _AUDITED - {each.get("log_type") for each in config.each("audit_log_config")}:
            yield config, f"{', '.join(sorted(missing))} are not audited"


@rule("legacy-access", promise="Nobody gets in by a certificate, by legacy authorization, or by GKE's first pool.")
def legacy_access(plan: Plan) -> Breaches:
    """These ways are older than IAM and RBAC, and not seen by them."""
    for cluster in plan.of(CLUSTER):
        if cluster.value("enable_legacy_abac") is not False:
            yield cluster, "enable_legacy_abac is not false"
        if cluster.value("master_auth", "client_certificate_config", "issue_client_certificate") is not False:
            yield cluster, "a client certificate may be issued"
        if cluster.value("remove_default_node_pool") is not True:
            yield cluster, "GKE's first pool stays (remove_default_node_pool)"


@rule("protected", promise="Production's cluster is not destroyed by one command.")
def protected(plan: Plan) -> Breaches:
    """Where this is false, "terraform destroy" is enough."""
    for cluster in plan.of(CLUSTER):
        if plan.name == "prod" and cluster.value("deletion_protection") is not True:
            yield cluster, "deletion_protection is not true"


@rule(
    "pools",
    promise="Ingress, monitoring and workloads have pools of their own; production's have a node in every zone.",
)
def pools(plan: Plan) -> Breaches:
    """Dedicated pools are tainted; one is not, for what names no pool."""
    found = plan.of(POOL)
    if plan.is_environment:
        for name in sorted(_POOLS - {pool.value("name") for pool in found}):
            yield f"google_container_node_pool {name}", "there is no such pool"
    tainted = [pool for pool in found if pool.each("node_config", "taint")]
    if found and len(tainted) == len(found):
        yield found[0], "every pool is tainted: GKE's own pods have nowhere to go"
    for pool in found:
        if pool.value("name") == "workloads" and pool not in tainted:
            yield pool, "anything may be scheduled beside the nodes of the chain: it has no taint"
        if plan.name == "prod" and (pool.value("autoscaling", "min_node_count") or 0) < 1:
            yield pool, "it may shrink to no node in a zone"
