# Pools of private nodes. A dedicated pool takes only pods that tolerate its taint pool=NAME:NoSchedule.

resource "google_container_node_pool" "this" {
  for_each = var.pools

  name     = each.key
  project  = var.project_id
  cluster  = var.cluster
  location = var.location

  autoscaling {
    min_node_count  = each.value.min_per_zone
    max_node_count  = each.value.max_per_zone
    location_policy = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = each.value.upgrade_surge
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type    = each.value.machine_type
    disk_type       = each.value.disk_type
    disk_size_gb    = each.value.disk_gib
    image_type      = "COS_CONTAINERD"
    service_account = var.service_account
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"] # roles of the account are what limits it
    tags            = [local.tags[each.key]]
    labels          = { pool = each.key }
    resource_labels = var.labels

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    # Pods see their own identity at the metadata server, never the node's.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    dynamic "taint" {
      for_each = each.value.dedicated ? [each.key] : []

      content {
        key    = "pool"
        value  = taint.value
        effect = "NO_SCHEDULE"
      }
    }

    dynamic "ephemeral_storage_local_ssd_config" {
      for_each = each.value.local_ssds > 0 ? [each.value.local_ssds] : []

      content {
        local_ssd_count = ephemeral_storage_local_ssd_config.value
      }
    }
  }

  lifecycle {
    ignore_changes = [initial_node_count] # the autoscaler's
  }
}

locals {
  tags = { for name in keys(var.pools) : name => "${var.cluster}-${name}" }
}
