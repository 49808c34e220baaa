# Every module with every toggle on: signed images from a registry of our own, local SSDs, a DNS zone, clients from outside, locked backups.

locals {
  project_id = "example-ethereum-lab"
  name       = "lab"
  region     = "europe-west4"
}

provider "google" {
  project = local.project_id
  region  = local.region
}

data "google_client_config" "current" {}

provider "helm" {
  kubernetes = {
    host  = "https://${module.cluster.endpoint}"
    token = data.google_client_config.current.access_token
  }
}

module "network" {
  source = "../../modules/network"

  name          = local.name
  region        = local.region
  nat_addresses = 4
  peer_ports    = ["30303-30305", "9000"]
  peer_tags     = ["${local.name}-workloads"]
  web_tags      = ["${local.name}-system"]
  flow_logs     = 1

  ranges = {
    nodes         = "10.64.0.0/20"
    pods          = "10.68.0.0/14"
    services      = "10.72.0.0/20"
    control_plane = "172.16.0.16/28"
  }
}

module "identity" {
  source = "../../modules/identity"

  project_id    = local.project_id
  name          = local.name
  workload_pool = module.cluster.workload_pool

  workloads = {
    external-dns = { namespace = "external-dns", service_account = "external-dns", roles = ["roles/dns.reader"] }
  }
}

module "cluster" {
  source = "../../modules/cluster"

  name                 = local.name
  project_id           = local.project_id
  region               = local.region
  network              = module.network.network
  subnetwork           = module.network.subnetwork
  pods_range           = module.network.pods_range
  services_range       = module.network.services_range
  control_plane_range  = module.network.control_plane_range
  node_service_account = module.identity.nodes
  release_channel      = "STABLE"
  image_patterns       = ["europe-west4-docker.pkg.dev/${local.project_id}/mirror/*"]
  attestors            = ["projects/${local.project_id}/attestors/built-by-ci"]
  key_rotation_days    = 30
  security_group       = "gke-security-groups@example.com"
}

module "node_pools" {
  source = "../../modules/node-pools"

  cluster         = module.cluster.name
  project_id      = local.project_id
  location        = module.cluster.location
  service_account = module.identity.nodes

  pools = {
    system    = { machine_type = "e2-standard-4", min_per_zone = 1, max_per_zone = 2, dedicated = false }
    workloads = { machine_type = "n2-highmem-8", disk_type = "pd-ssd", local_ssds = 2, min_per_zone = 1, max_per_zone = 3 }
  }
}

module "storage" {
  source = "../../modules/storage"

  project_id   = local.project_id
  cluster_id   = module.cluster.id
  cluster_name = module.cluster.name
  region       = local.region
  backups      = { retain_days = 30, locked_days = 30, locked_plan = true }

  depends_on = [module.node_pools]
}

module "edge" {
  source = "../../modules/edge"

  project_id  = local.project_id
  rpc_clients = ["198.51.100.0/24"]
}

module "dns" {
  source = "../../modules/dns"

  project_id = local.project_id
  name       = local.name
  domain     = "lab.example.com"
  editors    = module.identity.workloads
}

output "name_servers" {
  description = "Name servers of the zone."
  value       = module.dns.name_servers
}
