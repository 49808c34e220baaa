output "name_servers" {
  description = "Name servers of the zone: enter these where the domain is registered."
  value       = google_dns_managed_zone.this.name_servers
}
