output "network" {
  description = "Id of the network, for the cluster."
  value       = google_compute_network.this.id
}

output "subnetwork" {
  description = "Id of the nodes' subnet, for the cluster."
  value       = google_compute_subnetwork.nodes.id
}

output "pods_range" {
  description = "Name of the secondary range of pods."
  value       = google_compute_subnetwork.nodes.secondary_ip_range[0].range_name
}

output "services_range" {
  description = "Name of the secondary range of Services."
  value       = google_compute_subnetwork.nodes.secondary_ip_range[1].range_name
}

output "nat_addresses" {
  description = "Addresses that others see when nodes call them: let these in."
  value       = google_compute_address.nat[*].address
}

output "control_plane_range" {
  description = "Range of the control plane's private endpoint."
  value       = var.ranges.control_plane
}
