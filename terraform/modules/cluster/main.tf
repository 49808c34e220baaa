# A regional, private cluster. Its control plane has no public address: it is reached by its DNS name, where Google checks
# who calls (IAM) before the API server does.

resource "google_container_cluster" "this" {
  name                = var.name
  project             = var.project_id
  location            = var.region
  network             = var.network
  subnetwork          = var.subnetwork
  networking_mode     = "VPC_NATIVE"
  datapath_provider   = "ADVANCED_DATAPATH"
  resource_labels     = var.labels
  deletion_protection = var.deletion_protection

  # Pools are made by the module node-pools; the one that GKE insists on is removed at once.
  remove_default_node_pool = true
  initial_node_count       = 1

  enable_shielded_nodes       = true
  enable_intranode_visibility = true
  enable_l4_ilb_subsetting    = true
  enable_legacy_abac          = false

  node_config {
    service_account = var.node_service_account

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = var.pods_range
    services_secondary_range_name = var.services_range
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.control_plane_range
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled      = false
    private_endpoint_enforcement_enabled = true
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }

  workload_identity_config {
    workload_pool = "${var.project_id}.svc.id.goog"
  }

  network_policy {
    enabled = false # Calico, the add-on; Dataplane V2 enforces NetworkPolicies by itself
  }

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = google_kms_crypto_key.secrets.id
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    recurring_window {
      start_time = var.maintenance.start
      end_time   = var.maintenance.end
      recurrence = var.maintenance.recurrence
    }
  }

  logging_config {
    enable_components = local.logged
  }

  monitoring_config {
    enable_components = local.measured

    managed_prometheus {
      enabled = false # kube-prometheus-stack measures the workloads
    }

    advanced_datapath_observability_config {
      enable_metrics = var.metrics
      enable_relay   = false
    }
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_BASIC"
  }

  cost_management_config {
    enabled = true
  }

  dynamic "authenticator_groups_config" {
    for_each = var.security_group == "" ? [] : [var.security_group]

    content {
      security_group = authenticator_groups_config.value
    }
  }

  addons_config {
    gce_persistent_disk_csi_driver_config {
      enabled = true
    }

    gke_backup_agent_config {
      enabled = true
    }

    http_load_balancing {
      disabled = false
    }

    # Pods would have to ask the cache's own pods, whom the charts' NetworkPolicies do not know.
    # https://cloud.google.com/kubernetes-engine/docs/how-to/nodelocal-dns-cache
    dns_cache_config {
      enabled = false
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.gke]

  lifecycle {
    # Pools have their own settings; this is only the first one's, which is gone.
    ignore_changes = [node_config, initial_node_count]
  }
}

locals {
  logged   = concat(["SYSTEM_COMPONENTS"], var.logging ? ["WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"] : [])
  measured = concat(["SYSTEM_COMPONENTS"], var.metrics ? ["APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"] : [])
}
