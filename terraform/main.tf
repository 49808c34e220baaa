# The platform of one environment. Which one, the workspace says; how it differs from production, env/*.tfvars.

locals {
  environment = terraform.workspace
  project_id  = var.projects[local.environment]
  name        = "${var.name}-${local.environment}"
  labels      = { environment = local.environment, managed-by = "terraform" }
  domain      = local.environment == "prod" ? var.dns.domain : "${local.environment}.${var.dns.domain}"
  tags        = { for pool in keys(var.node_pools) : pool => "${local.name}-${pool}" }

  dns_editors = var.dns.enabled ? {
    external-dns = { namespace = "external-dns", service_account = "external-dns", roles = ["roles/dns.reader"] }
    cert-manager = { namespace = "cert-manager", service_account = "cert-manager", roles = ["roles/dns.reader"] }
  } : {}
}

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "binaryauthorization.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "containersecurity.googleapis.com",
    "dns.googleapis.com",
    "gkebackup.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
  ])

  project            = local.project_id
  service            = each.value
  disable_on_destroy = false
}

module "network" {
  source = "./modules/network"

  name      = local.name
  region    = var.region
  ranges    = var.ranges
  peer_tags = [local.tags["workloads"]]
  web_tags  = [for pool, tag in local.tags : tag if pool != "workloads" || !var.mirrored_images]
  flow_logs = var.logging ? 0.5 : 0

  depends_on = [google_project_service.this]
}

module "identity" {
  source = "./modules/identity"

  project_id    = local.project_id
  name          = local.name
  workload_pool = module.cluster.workload_pool
  workloads     = local.dns_editors
}

module "cluster" {
  source = "./modules/cluster"

  name                 = local.name
  project_id           = local.project_id
  region               = var.region
  network              = module.network.network
  subnetwork           = module.network.subnetwork
  pods_range           = module.network.pods_range
  services_range       = module.network.services_range
  control_plane_range  = module.network.control_plane_range
  node_service_account = module.identity.nodes
  release_channel      = var.release_channel
  deletion_protection  = var.deletion_protection
  logging              = var.logging
  metrics              = var.metrics
  image_patterns       = var.image_patterns
  attestors            = var.attestors
  security_group       = var.security_group
  labels               = local.labels
}

module "node_pools" {
  source = "./modules/node-pools"

  cluster         = module.cluster.name
  project_id      = local.project_id
  location        = module.cluster.location
  service_account = module.identity.nodes
  pools           = var.node_pools
  labels          = local.labels
}

module "storage" {
  source = "./modules/storage"

  project_id   = local.project_id
  cluster_id   = module.cluster.id
  cluster_name = module.cluster.name
  region       = var.region
  backups      = var.backups
  labels       = local.labels

  depends_on = [module.node_pools]
}

module "edge" {
  source = "./modules/edge"

  project_id  = local.project_id
  rpc_clients = var.rpc_clients

  depends_on = [google_project_service.this]
}

module "dns" {
  source = "./modules/dns"
  count  = var.dns.enabled ? 1 : 0

  project_id = local.project_id
  name       = local.name
  domain     = local.domain
  editors    = module.identity.workloads
  labels     = local.labels

  depends_on = [google_project_service.this]
}
