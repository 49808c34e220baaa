"""Wrong changes to Terraform, each with the check that must catch it: mistakes that people make, and shortcuts that they take."""

from __future__ import annotations

from pathlib import Path

from plumbline.core.errors import UsageError
from plumbline.faults.registry import mutation

_CODE, _PLAN = "IAC-001", "IAC-002"
_NETWORK = "modules/network/main.tf"
_FIREWALL = "modules/network/firewall.tf"
_CLUSTER = "modules/cluster/main.tf"
_POOLS = "modules/node-pools/main.tf"
_IDENTITY = "modules/identity/main.tf"
_STORAGE = "modules/storage/main.tf"


def _wrong(name: str, summary: str, control: str, check: str, injured: str, file: str, old: str, new: str) -> None:
    """Register the replacement of a text that stands in a file of terraform/."""

    def mutate(copy: Path) -> None:
        path = copy / "terraform" / file
        text = path.read_text()
        if old not in text:
            raise UsageError(f'terraform/{file} has no "{old}": change the fault {name}')
        path.write_text(text.replace(old, new, 1))

    mutate.__doc__ = summary
    mutation(name, breaks=control, check=check, injured=injured)(mutate)


# -- the code: format, language, the providers' schemas, versions, descriptions ---------------------------------------------

_wrong(
    "terraform-unformatted",
    "Arguments are not aligned.",
    *(_CODE, "format", "modules/dns/main.tf"),
    *("modules/dns/main.tf", "  project     = var.project_id\n", "  project = var.project_id\n"),
)
_wrong(
    "argument-misspelled",
    "An argument of the subnet does not exist: private_google_access.",
    *(_CODE, "valid", _NETWORK),
    *(_NETWORK, "private_ip_google_access = true", "private_google_access    = true"),
)
_wrong(
    "argument-missing",
    "The zone has no name, which the provider demands.",
    *(_CODE, "valid", "modules/dns/main.tf"),
    *("modules/dns/main.tf", "  name        = var.name\n", ""),
)
_wrong(
    "argument-of-wrong-type",
    "The minimum of ports for each node is a list.",
    *(_CODE, "valid", _NETWORK),
    *(_NETWORK, "min_ports_per_vm               = 1024", "min_ports_per_vm               = [1024]"),
)
_wrong(
    "block-misplaced",
    "The node pool gets a block that only the cluster has.",
    *(_CODE, "valid", _POOLS),
    *(_POOLS, "  network_config {", "  private_cluster_config {"),
)
_wrong(
    "block-twice",
    "The cluster has two release channels.",
    *(_CODE, "valid", _CLUSTER),
    *(_CLUSTER, "  release_channel {", '  release_channel {\n    channel = "RAPID"\n  }\n\n  release_channel {'),
)
_wrong(
    "beta-block",
    "GKE Sandbox is asked for in a way that only the beta provider knows.",
    *(_CODE, "valid", _POOLS),
    *(_POOLS, "    # Pods see their", '    sandbox_config {\n      sandbox_type = "gvisor"\n    }\n\n    # Pods see their'),
)
_wrong(
    "resource-of-no-such-type",
    "A resource is called google_compute_nat.",
    *(_CODE, "valid", _NETWORK),
    *(_NETWORK, 'resource "google_compute_router_nat" "this"', 'resource "google_compute_nat" "this"'),
)
_wrong(
    "reference-to-nothing",
    "The router's network is one that is not declared.",
    *(_CODE, "valid", _NETWORK),
    *(_NETWORK, "router                             = google_compute_router.this.name", "router                             = google_compute_router.nat.name"),
)
_wrong(
    "attribute-of-nothing",
    "An output shows an attribute that the bucket does not have.",
    *(_CODE, "valid", "modules/state/outputs.tf"),
    *("modules/state/outputs.tf", "google_storage_bucket.this.name", "google_storage_bucket.this.bucket"),
)
_wrong(
    "variable-undeclared",
    "The module's caller gives a variable that the module does not have.",
    *(_CODE, "valid", "main.tf"),
    *("main.tf", "  rpc_clients = var.rpc_clients", "  rpc_callers = var.rpc_clients"),
)
_wrong(
    "variable-not-given",
    "The cluster is not told which network it is in.",
    *(_CODE, "valid", "main.tf"),
    *("main.tf", "  network              = module.network.network\n", ""),
)
_wrong(
    "version-unbounded",
    "The google provider may be any newer one.",
    *(_CODE, "bounded-versions", "modules/edge/versions.tf"),
    *("modules/edge/versions.tf", '">= 6.50, < 7.0"', '">= 6.50"'),
)
_wrong(
    "version-unchecked",
    "The google provider is one whose schema nobody checked.",
    *(_CODE, "bounded-versions", "terraform/versions.tf"),
    *("versions.tf", '">= 6.50, < 7.0"', '">= 7.0, < 8.0"'),
)
_wrong(
    "variable-undescribed",
    "A variable has no description.",
    *(_CODE, "documented", "modules/edge"),
    *("modules/edge/variables.tf", '  description = "Project of the load balancer."\n', ""),
)

# -- the plan: what the documents promise -----------------------------------------------------------------------------------

_wrong(
    "nodes-public",
    "The nodes of the pools get public addresses.",
    *(_PLAN, "private-nodes", "google_container_node_pool.this"),
    *(_POOLS, "enable_private_nodes = true", "enable_private_nodes = false"),
)
_wrong(
    "control-plane-public",
    "The API server gets a public address.",
    *(_PLAN, "private-control-plane", "google_container_cluster.this"),
    *(_CLUSTER, "enable_private_endpoint = true", "enable_private_endpoint = false"),
)
_wrong(
    "control-plane-open",
    "Every network may call the API server.",
    *(_PLAN, "private-control-plane", "google_container_cluster.this"),
    *(
        _CLUSTER,
        "    private_endpoint_enforcement_enabled = true\n",
        '    private_endpoint_enforcement_enabled = true\n\n    cidr_blocks {\n      cidr_block = "0.0.0.0/0"\n    }\n',
    ),
)
_wrong(
    "cluster-zonal",
    "The cluster is in one zone.",
    *(_PLAN, "regional", "google_container_cluster.this"),
    *(_CLUSTER, "location            = var.region", 'location            = "${var.region}-b"'),
)
_wrong(
    "boot-unchecked",
    "Nodes boot whatever is there.",
    *(_PLAN, "shielded-nodes", "google_container_node_pool.this"),
    *(_POOLS, "enable_secure_boot          = true", "enable_secure_boot          = false"),
)
_wrong(
    "node-credentials-open",
    "Pods can read the node's credentials.",
    *(_PLAN, "node-metadata", "google_container_node_pool.this"),
    *(_POOLS, 'mode = "GKE_METADATA"', 'mode = "GCE_METADATA"'),
)
_wrong(
    "policies-unenforced",
    "The cluster does not enforce NetworkPolicies.",
    *(_PLAN, "dataplane-v2", "google_container_cluster.this"),
    *(_CLUSTER, '"ADVANCED_DATAPATH"', '"LEGACY_DATAPATH"'),
)
_wrong(
    "window-missing",
    "GKE may upgrade at any time.",
    *(_PLAN, "patched", "google_container_cluster.this"),
    *(
        _CLUSTER,
        """  maintenance_policy {
    recurring_window {
      start_time = var.maintenance.start
      end_time   = var.maintenance.end
      recurrence = var.maintenance.recurrence
    }
  }

""",
        "",
    ),
)
_wrong(
    "pool-unpatched",
    "Nodes stay on their version.",
    *(_PLAN, "patched", "google_container_node_pool.this"),
    *(_POOLS, "auto_upgrade = true", "auto_upgrade = false"),
)
_wrong(
    "images-unchecked",
    "The cluster does not ask which images may run.",
    *(_PLAN, "image-policy", "google_container_cluster.this"),
    *(_CLUSTER, '"PROJECT_SINGLETON_POLICY_ENFORCE"', '"DISABLED"'),
)
_wrong(
    "images-of-anybody",
    "A whole registry is allowed.",
    *(_PLAN, "image-policy", "google_binary_authorization_policy.this"),
    *("modules/cluster/images.tf", "name_pattern = admission_whitelist_patterns.value", 'name_pattern = "docker.io/*"'),
)
_wrong(
    "secrets-in-the-clear",
    "Secrets stand in etcd as they are.",
    *(_PLAN, "secrets-encrypted", "google_container_cluster.this"),
    *(_CLUSTER, 'state    = "ENCRYPTED"', 'state    = "DECRYPTED"'),
)
_wrong(
    "api-unlogged",
    "The API server's log is not kept.",
    *(_PLAN, "audit-logs", "google_container_cluster.this"),
    *(_CLUSTER, '"WORKLOADS", "APISERVER", ', '"WORKLOADS", '),
)
_wrong(
    "reads-unaudited",
    "Who read what is not on record.",
    *(_PLAN, "audit-logs", "google_project_iam_audit_config.this"),
    *("modules/cluster/audit.tf", '"ADMIN_READ", "DATA_READ", "DATA_WRITE"', '"ADMIN_READ", "DATA_WRITE"'),
)
_wrong(
    "production-unprotected",
    "One command destroys production.",
    *(_PLAN, "protected", "prod: module.cluster"),
    *("env/prod.tfvars", 'environment = "prod"\n', 'environment = "prod"\n\ndeletion_protection = false\n'),
)
_wrong(
    "pools-shared",
    "Anything may be scheduled beside the nodes of the chain.",
    *(_PLAN, "pools", 'google_container_node_pool.this["workloads"]'),
    *("variables.tf", 'disk_type = "pd-ssd", min_per_zone = 1, max_per_zone = 2 }', 'disk_type = "pd-ssd", min_per_zone = 1, max_per_zone = 2, dedicated = false }'),
)
_wrong(
    "firewall-wide",
    "The Internet may call the load balancer's ports of the nodes.",
    *(_PLAN, "narrow-ingress", "google_compute_firewall.ingress_front_ends"),
    *(_FIREWALL, "source_ranges = local.google_front_ends", 'source_ranges = ["0.0.0.0/0"]'),
)
_wrong(
    "firewall-without-ports",
    "The control plane may call every port of the nodes.",
    *(_PLAN, "narrow-ingress", "google_compute_firewall.ingress_webhooks"),
    *(_FIREWALL, "    ports    = var.webhook_ports\n", ""),
)
_wrong(
    "rpc-open",
    "A new firewall rule opens JSON-RPC to everybody.",
    *(_PLAN, "no-public-rpc", "google_compute_firewall.rpc"),
    *(
        _FIREWALL,
        'resource "google_compute_firewall" "ingress_webhooks"',
        """resource "google_compute_firewall" "rpc" {
  name          = "${var.name}-rpc"
  network       = google_compute_network.this.id
  source_ranges = ["0.0.0.0/0"]
  target_tags   = var.peer_tags

  allow {
    protocol = "tcp"
    ports    = ["8500-8600"]
  }
}

resource "google_compute_firewall" "ingress_webhooks\"""",
    ),
)
_wrong(
    "rpc-for-the-unlisted",
    "Whoever is not listed may call JSON-RPC through the load balancer.",
    *(_PLAN, "no-public-rpc", "google_compute_security_policy.rpc"),
    *("modules/edge/main.tf", 'action      = "deny(403)"', 'action      = "allow"'),
)
_wrong(
    "egress-undenied",
    "What no rule allows may be called all the same.",
    *(_PLAN, "narrow-egress", "google_compute_network.this"),
    *(_FIREWALL, '  deny {\n    protocol = "all"\n  }', '  deny {\n    protocol = "tcp"\n    ports    = ["25"]\n  }'),
)
_wrong(
    "egress-for-all-nodes",
    "Every node may call every web server.",
    *(_PLAN, "narrow-egress", "google_compute_firewall.egress_web"),
    *(_FIREWALL, "  target_tags        = var.web_tags\n", ""),
)
_wrong(
    "tls-old",
    "The load balancer takes TLS 1.0.",
    *(_PLAN, "modern-tls", "google_compute_ssl_policy.this"),
    *("modules/edge/main.tf", 'min_tls_version = "TLS_1_2"', 'min_tls_version = "TLS_1_0"'),
)
_wrong(
    "nat-addresses-change",
    "The addresses that others see change.",
    *(_PLAN, "egress-by-nat", "google_compute_router_nat.this"),
    *(_NETWORK, '"MANUAL_ONLY"', '"AUTO_ONLY"'),
)
_wrong(
    "nodes-may-edit",
    "The nodes' account is an editor of the project.",
    *(_PLAN, "least-privilege", "google_project_iam_member.nodes"),
    *(_IDENTITY, '"roles/monitoring.viewer"', '"roles/editor"'),
)
_wrong(
    "nodes-as-default-account",
    "Nodes have the project's default account.",
    *(_PLAN, "node-identity", "google_container_node_pool.this"),
    *(_POOLS, "    service_account = var.service_account\n", ""),
)
_wrong(
    "account-for-a-whole-cluster",
    "Every pod of the cluster may act as a workload's account.",
    *(_PLAN, "workload-identity", "google_service_account_iam_member.workloads"),
    *(_IDENTITY, "serviceAccount:${var.workload_pool}[${each.value.namespace}/${each.value.service_account}]", "principalSet:${var.workload_pool}"),
)
_wrong(
    "key-that-can-be-copied",
    "A workload's account gets a key.",
    *(_PLAN, "workload-identity", "google_service_account_key.nodes"),
    *(
        _IDENTITY,
        'resource "google_service_account" "workloads"',
        'resource "google_service_account_key" "nodes" {\n  service_account_id = google_service_account.nodes.name\n}\n\nresource "google_service_account" "workloads"',
    ),
)
_wrong(
    "volumes-not-backed-up",
    "Backups leave the volumes out.",
    *(_PLAN, "backups", "google_gke_backup_backup_plan.this"),
    *(_STORAGE, "include_volume_data = true", "include_volume_data = false"),
)
_wrong(
    "backups-weekly",
    "A week may pass between backups.",
    *(_PLAN, "backups", "google_gke_backup_backup_plan.this"),
    *("variables.tf", '"17 */6 * * *"', '"17 3 * * 0"'),
)
_wrong(
    "state-public",
    "The bucket of the state can be made public.",
    *(_PLAN, "state-bucket", "google_storage_bucket.this"),
    *("modules/state/main.tf", '"enforced"', '"inherited"'),
)
_wrong(
    "zone-unsigned",
    "The public zone is not signed.",
    *(_PLAN, "signed-zones", "google_dns_managed_zone.this"),
    *("modules/dns/main.tf", 'state = "on"', 'state = "off"'),
)
_wrong(
    "values-in-another-workspace",
    "Development's values say that they are for stage.",
    *(_PLAN, "planned", "env/dev.tfvars"),
    *("env/dev.tfvars", 'environment         = "dev"', 'environment         = "stage"'),
)
