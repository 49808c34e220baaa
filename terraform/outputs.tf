output "project_id" {
  description = "Project of this environment."
  value       = local.project_id
}

output "cluster" {
  description = "Name of the cluster, for gcloud container clusters get-credentials --dns-endpoint."
  value       = module.cluster.name
}

output "region" {
  description = "Region of the cluster."
  value       = module.cluster.location
}

output "api_server" {
  description = "URL of the API server, where IAM decides who is let in: what Argo CD is told of the cluster."
  value       = "https://${module.cluster.endpoint}"
}

output "node_pools" {
  description = "Names of the pools: values of the node label pool, for the charts' nodeSelector."
  value       = module.node_pools.names
}

output "storage_classes" {
  description = "Names of the StorageClasses, for the charts' persistence.storageClass."
  value       = module.storage.storage_classes
}

output "snapshot_class" {
  description = "Name of the VolumeSnapshotClass."
  value       = module.storage.snapshot_class
}

output "nat_addresses" {
  description = "Addresses that others see when nodes call them."
  value       = module.network.nat_addresses
}

output "ingress_address" {
  description = "Address of Google's load balancer: what the hosts' records lead to."
  value       = module.edge.address
}

output "name_servers" {
  description = "Name servers of the zone, to be entered where the domain is registered; empty without a zone."
  value       = flatten(module.dns[*].name_servers)
}

output "workload_accounts" {
  description = "E-mail of each workload's account: the value of the annotation iam.gke.io/gcp-service-account."
  value       = module.identity.workloads
}
