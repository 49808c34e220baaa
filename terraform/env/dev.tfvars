# Development: small machines, balanced disks, no backups; it may be destroyed.
environment         = "dev"
release_channel     = "REGULAR"
deletion_protection = false
metrics             = false

node_pools = {
  monitoring = { machine_type = "e2-standard-2", min_per_zone = 1, max_per_zone = 1, dedicated = false }
  ingress    = { machine_type = "e2-small", disk_gib = 50, min_per_zone = 0, max_per_zone = 1 }
  workloads  = { machine_type = "e2-highmem-4", min_per_zone = 0, max_per_zone = 1 }
}

backups = {
  enabled = false
}
