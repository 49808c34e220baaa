# Names of Google's services lead to their private addresses, the only ones that the firewall lets every node call.

locals {
  google_names = {
    googleapis = "googleapis.com."
    images     = "pkg.dev."
    registry   = "gcr.io."
  }
}

resource "google_dns_managed_zone" "google" {
  for_each = local.google_names

  name        = "${var.name}-${each.key}"
  description = "Leads ${each.value} to private.googleapis.com."
  dns_name    = each.value
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }
}

resource "google_dns_record_set" "google" {
  for_each = local.google_names

  managed_zone = google_dns_managed_zone.google[each.key].name
  name         = each.key == "googleapis" ? "private.googleapis.com." : each.value
  type         = "A"
  ttl          = 300
  rrdatas      = [for number in range(4) : cidrhost(local.google_apis[0], number)]
}

resource "google_dns_record_set" "google_aliases" {
  for_each = local.google_names

  managed_zone = google_dns_managed_zone.google[each.key].name
  name         = "*.${each.value}"
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.google[each.key].name]
}
