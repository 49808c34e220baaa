# Stage: production's shape, so that an upgrade is tried on the real thing; one node in each zone at most.
environment     = "stage"
release_channel = "REGULAR"

node_pools = {
  monitoring = { machine_type = "e2-standard-4", min_per_zone = 1, max_per_zone = 1, dedicated = false }
  ingress    = { machine_type = "e2-standard-2", min_per_zone = 1, max_per_zone = 1 }
  workloads  = { machine_type = "n2-highmem-4", disk_type = "pd-ssd", min_per_zone = 0, max_per_zone = 1 }
}
