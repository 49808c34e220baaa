# What may be called, and by whom. GKE adds rules of its own between its nodes and its control plane; these are the rest.
# Nothing is let in from the Internet: peers are called, they do not call, and users come by Google's load balancer.

locals {
  # Google's load balancer and its health checks: https://cloud.google.com/load-balancing/docs/health-check-concepts
  google_front_ends = ["35.191.0.0/16", "130.211.0.0/22"]
  # private.googleapis.com: https://cloud.google.com/vpc/docs/configure-private-google-access
  google_apis = ["199.36.153.8/30"]
  inside      = values(var.ranges)
}

resource "google_compute_firewall" "egress_denied" {
  name               = "${var.name}-egress-denied"
  description        = "Whatever no other rule allows is not called."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "egress_inside" {
  name               = "${var.name}-egress-inside"
  description        = "Nodes, pods, Services and the control plane call each other; NetworkPolicies say who in particular."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = local.inside

  allow {
    protocol = "tcp"
  }

  allow {
    protocol = "udp"
  }

  allow {
    protocol = "icmp"
  }
}

resource "google_compute_firewall" "egress_google_apis" {
  name               = "${var.name}-egress-google-apis"
  description        = "Google's own services (images, logs, metrics), by the private addresses that dns.tf leads to."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = local.google_apis

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "egress_peers" {
  name               = "${var.name}-egress-peers"
  description        = "Execution and consensus clients call their peers."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]
  target_tags        = var.peer_tags

  allow {
    protocol = "tcp"
    ports    = var.peer_ports
  }

  allow {
    protocol = "udp"
    ports    = var.peer_ports
  }
}

resource "google_compute_firewall" "egress_web" {
  name               = "${var.name}-egress-web"
  description        = "Nodes fetch images, controllers call Git, the ACME server and receivers of alerts; NetworkPolicies keep other pods from it."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]
  target_tags        = var.web_tags

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "ingress_front_ends" {
  name          = "${var.name}-ingress-front-ends"
  description   = "Google's load balancer and its health checks call the pods behind an Ingress."
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = local.google_front_ends
  target_tags   = var.peer_tags

  allow {
    protocol = "tcp"
    ports    = var.backend_ports
  }
}

resource "google_compute_firewall" "ingress_webhooks" {
  name          = "${var.name}-ingress-webhooks"
  description   = "The control plane calls admission webhooks; GKE opens only the kubelet's port and 443 by itself."
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = [var.ranges.control_plane]
  target_tags   = distinct(concat(var.web_tags, var.peer_tags))

  allow {
    protocol = "tcp"
    ports    = var.webhook_ports
  }
}
