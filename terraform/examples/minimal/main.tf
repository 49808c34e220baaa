# The least that is a cluster: a network, an identity of nodes, a private cluster and its pools. No volumes of ours, no DNS,
# nobody from outside.

locals {
  project_id = "example-ethereum-lab"
  name       = "lab"
  region     = "europe-west1"
}

provider "google" {
  project = local.project_id
  region  = local.region
}

module "network" {
  source = "../../modules/network"

  name      = local.name
  region    = local.region
  peer_tags = ["${local.name}-workloads"]
  web_tags  = ["${local.name}-system", "${local.name}-workloads"]
}

module "identity" {
  source = "../../modules/identity"

  project_id    = local.project_id
  name          = local.name
  workload_pool = module.cluster.workload_pool
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
  deletion_protection  = false
  image_patterns       = ["docker.io/ethereum/client-go*"]
}

module "node_pools" {
  source = "../../modules/node-pools"

  cluster         = module.cluster.name
  project_id      = local.project_id
  location        = module.cluster.location
  service_account = module.identity.nodes

  pools = {
    system    = { machine_type = "e2-standard-2", min_per_zone = 1, max_per_zone = 1, dedicated = false }
    workloads = { machine_type = "e2-highmem-4", min_per_zone = 0, max_per_zone = 1 }
  }
}

output "get_credentials" {
  description = "The command that makes a kubeconfig of this cluster."
  value       = "gcloud container clusters get-credentials ${module.cluster.name} --region ${module.cluster.location} --project ${local.project_id} --dns-endpoint"
}
