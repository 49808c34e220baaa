output "name" {
  description = "Name of the cluster, for its pools."
  value       = google_container_cluster.this.name
}

output "id" {
  description = "Id of the cluster (projects/…/locations/…/clusters/…), for its backups."
  value       = google_container_cluster.this.id
}

output "location" {
  description = "Region of the cluster."
  value       = google_container_cluster.this.location
}

output "endpoint" {
  description = "DNS name of the control plane, where IAM decides who is let in."
  value       = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint
}

output "workload_pool" {
  description = "Pool of identities of the cluster's service accounts."
  value       = google_container_cluster.this.workload_identity_config[0].workload_pool
}
