# The public zone of an environment, signed, and who may change its records.

resource "google_dns_managed_zone" "this" {
  project     = var.project_id
  name        = var.name
  dns_name    = "${var.domain}."
  description = "Hosts of ${var.name}; its records are kept by ExternalDNS."
  labels      = var.labels

  dnssec_config {
    state = "on"
  }

  cloud_logging_config {
    enable_logging = true
  }
}

resource "google_dns_managed_zone_iam_member" "editors" {
  for_each = var.editors

  project      = var.project_id
  managed_zone = google_dns_managed_zone.this.name
  role         = "roles/dns.admin"
  member       = "serviceAccount:${each.value}"
}
